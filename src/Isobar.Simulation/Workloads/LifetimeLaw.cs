using Isobar.Simulation.Engine;

namespace Isobar.Simulation.Workloads;

/// <summary>How the CPU demands of generated processes are distributed.</summary>
public enum LifetimeShape
{
    /// <summary>Memoryless; what Eager, Lazowska and Zahorjan assumed (SIGMETRICS 1988).</summary>
    Exponential,

    /// <summary>P(X &gt; x) ~ 1/x, what Harchol-Balter and Downey measured (SIGMETRICS 1996).</summary>
    Pareto,

    /// <summary>Two exponential phases with balanced means.</summary>
    Hyperexponential,

    /// <summary>All alike.</summary>
    Constant,
}

/// <summary>A law of CPU demands with a given mean.</summary>
/// <param name="Shape">The family.</param>
/// <param name="Mean">Mean in CPU seconds.</param>
/// <param name="Parameter">Pareto: the shape (1 = the measured tail); hyperexponential: the squared coefficient of variation. Else unused.</param>
/// <param name="Spread">Pareto: the ratio of the longest to the shortest demand, without which the mean of shape 1 would not exist.</param>
public sealed record LifetimeLaw(LifetimeShape Shape, double Mean, double Parameter = 1, double Spread = 1e5)
{
    public double Draw(SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        return Shape switch
        {
            LifetimeShape.Exponential => random.NextExponential(Mean),
            LifetimeShape.Hyperexponential => random.NextHyperexponential(Mean, Parameter),
            LifetimeShape.Constant => Mean,
            _ => random.NextPareto(ParetoMinimum, Parameter, ParetoMinimum * Spread),
        };
    }

    /// <summary>Shortest demand of the truncated Pareto law that has the wanted mean.</summary>
    private double ParetoMinimum
    {
        get
        {
            // Mean of the truncated law with minimum 1: a/(a-1) (1 - S^(1-a)) / (1 - S^-a); at a = 1 it is ln S / (1 - 1/S).
            var a = Parameter;
            var ofUnit = Math.Abs(a - 1) < 1e-9
                ? Math.Log(Spread) / (1 - 1 / Spread)
                : a / (a - 1) * (1 - Math.Pow(Spread, 1 - a)) / (1 - Math.Pow(Spread, -a));
            return Mean / ofUnit;
        }
    }
}
