using Isobar.Balancing;

namespace Isobar.Simulation.Engine;

/// <summary>
/// The generator of the policies (<see cref="RandomSource"/>) with the laws that workloads draw from. Independent concerns take independent
/// streams by <see cref="Fork"/>, never share one: adding a draw to one must not shift the others.
/// </summary>
public sealed class SeededRandom
{
    private readonly ulong _seed;
    private RandomSource _source;

    public SeededRandom(ulong seed)
    {
        _seed = seed;
        _source = new RandomSource(seed);
    }

    /// <summary>A stream of its own for one concern; a function of this generator's seed and the label only.</summary>
    public SeededRandom Fork(ulong label) => new(new RandomSource(_seed, label).NextUInt64());

    /// <summary>Uniform in [0, 1).</summary>
    public double NextDouble() => _source.NextDouble();

    /// <summary>Uniform in 0..bound-1.</summary>
    public int Next(int bound) => _source.NextInt(bound);

    /// <summary>Exponential with the given mean.</summary>
    public double NextExponential(double mean) => -mean * Math.Log(1 - NextDouble());

    /// <summary>Pareto: P(X &gt; x) = (minimum/x)^shape for x at least the minimum; cut at the maximum by drawing from the truncated law.</summary>
    public double NextPareto(double minimum, double shape, double maximum = double.PositiveInfinity)
    {
        var tail = double.IsPositiveInfinity(maximum) ? 0 : Math.Pow(minimum / maximum, shape);
        return minimum * Math.Pow(1 - NextDouble() * (1 - tail), -1 / shape);
    }

    /// <summary>Log-normal with median 1: the exponential of a normal with this standard deviation (Box, Muller 1958).</summary>
    public double NextLogNormal(double sigma) => Math.Exp(sigma * Math.Sqrt(-2 * Math.Log(1 - NextDouble())) * Math.Cos(2 * Math.PI * NextDouble()));

    /// <summary>Two-phase hyperexponential with balanced means and the given squared coefficient of variation (at least 1).</summary>
    public double NextHyperexponential(double mean, double squaredVariation)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(squaredVariation, 1);
        var p = 0.5 * (1 + Math.Sqrt((squaredVariation - 1) / (squaredVariation + 1)));
        return NextDouble() < p ? NextExponential(mean / (2 * p)) : NextExponential(mean / (2 * (1 - p)));
    }
}
