using System.Globalization;

namespace Isobar.Simulation.Statistics;

/// <summary>A mean over independent runs with the half width of its 95 % confidence interval (zero with a single run).</summary>
public readonly record struct Estimate(double Mean, double HalfWidth, int Runs)
{
    // Two-sided 95 % quantiles of Student's t for 1..30 degrees of freedom; 1.96 beyond.
    private static readonly double[] StudentT =
    [
        12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
        2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
    ];

    /// <summary>Estimate from one value per run (per seed).</summary>
    public static Estimate Of(ReadOnlySpan<double> values)
    {
        if (values.IsEmpty)
            return default;

        var mean = 0.0;
        foreach (var value in values)
            mean += value;

        mean /= values.Length;
        if (values.Length == 1)
            return new Estimate(mean, 0, 1);

        var squares = 0.0;
        foreach (var value in values)
            squares += (value - mean) * (value - mean);

        var freedom = values.Length - 1;
        var t = freedom <= StudentT.Length ? StudentT[freedom - 1] : 1.96;
        return new Estimate(mean, t * Math.Sqrt(squares / freedom / values.Length), values.Length);
    }

    public override string ToString() => HalfWidth == 0
        ? Mean.ToString("0.###", CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{Mean:0.###} ±{HalfWidth:0.###}");
}
