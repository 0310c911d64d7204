using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Load;

/// <summary>
/// The pair of MOSIX: <c>mean</c> falls at once and rises slowly (5:3) and is used for own decisions; <c>upper</c> rises at once and falls
/// slowly (7:1) and is told to others, so that a node never looks idler than it is [systems.md A1, found in Kerrighed's mosix_probe.c].
/// </summary>
public sealed class MosixLoad(CoreSet cores, PeriodSettings settings) : PeriodicLoad(cores, settings)
{
    private double _mean;
    private double _upper;

    public static Policy<LoadFactory> Policy { get; } = new(
        "mosix",
        "Slowly rising mean for own decisions, slowly falling upper for others",
        "MOSIX (Barak, Shiloh), constants by Kerrighed's mosix_probe.c",
        PeriodSettings.Declare(1, 0.1, "MOSIX: 1 s"),
        values =>
        {
            var settings = PeriodSettings.Read(values);
            return cores => new MosixLoad(cores, settings);
        });

    public override string Name => "mosix";

    public override double Local => Normalise(_mean);

    public override double Exported => Normalise(_upper);

    public override double Ready => _upper;

    public override double LocalReady => _mean;

    protected override void OnPeriod(double mean, double elapsed, in LoadSample sample)
    {
        _mean = double.IsPositiveInfinity(elapsed) ? mean : NextMean(_mean, mean);
        _upper = NextUpper(_upper, mean);
    }

    /// <summary>Falls at once, rises by 3/8 of the difference.</summary>
    public static double NextMean(double mean, double now) => now <= mean ? now : (5 * mean + 3 * now) / 8;

    /// <summary>Rises at once, falls by 1/8 of the difference.</summary>
    public static double NextUpper(double upper, double now) => now >= upper ? now : (7 * upper + now) / 8;
}
