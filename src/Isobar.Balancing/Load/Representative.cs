using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Load;

/// <summary>
/// One number for a machine with many cores, perhaps of different speeds: an open problem of the review. It answers "what would one more CPU-bound
/// process get?": with a core free, t / (1 + t) where t = 1 / speed of the fastest free core, below 1; without, 1 + t where
/// t = (ready + 1) / capacity, above 1. So the smaller one is the better target, a machine with a free core is never ranked behind one
/// without, and load per core (which calls 4 of 4 and 1 of 1 the same as a hole in 3 of 4 is hidden) is not needed.
/// </summary>
public static class Representative
{
    /// <param name="cores">The machine's cores.</param>
    /// <param name="ready">Runnable tasks; a smoothed number is rounded to whole tasks to say whether a core is free.</param>
    public static double Of(CoreSet cores, double ready)
    {
        ArgumentNullException.ThrowIfNull(cores);
        double busy = Math.Round(Math.Max(0, ready), MidpointRounding.AwayFromZero);
        return busy < cores.Count ? Free(cores.Speed((int)busy)) : Full(cores.Capacity, ready);
    }

    /// <summary>The same from what another node told of itself.</summary>
    public static double Of(in LoadEntry entry, double ready)
    {
        double busy = Math.Round(Math.Max(0, ready), MidpointRounding.AwayFromZero);
        return busy < entry.Cores ? Free(CpuShare.Of(in entry, busy + 1)) : Full(entry.Capacity, ready);
    }

    /// <summary>Whether a number says that a core is free.</summary>
    public static bool HasFreeCore(double representative) => representative < 1;

    private static double Free(double speed)
    {
        double time = 1 / speed;
        return time / (1 + time);
    }

    private static double Full(double capacity, double ready) => 1 + (ready + 1) / capacity;
}

/// <summary>
/// Tells the <see cref="Representative"/> of the machine. The ready tasks that go in are the mean of the period, kept from falling faster than
/// <c>fall</c> allows, as MOSIX' upper, so that a moment's pause does not draw a herd.
/// </summary>
public sealed class RepresentativeLoad : PeriodicLoad
{
    private readonly Settings _settings;
    private double _now;
    private double _told;

    public RepresentativeLoad(CoreSet cores, Settings settings)
        : base(cores, settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        _settings = settings;
    }

    public static Policy<LoadFactory> Policy { get; } = new(
        "representative",
        "One number for many cores of mixed speed: what one more process would get",
        "ours, for the review's open problem",
        [
            .. PeriodSettings.Declare(1, 0.1, "as MOSIX"),
            PolicyParameter.Number("fall", 0.5, 0.001, 1, "Part of the way that the told number of ready tasks may fall per period (MOSIX' upper: 0.125)"),
        ],
        values =>
        {
            var settings = new Settings(PeriodSettings.Read(values), values["fall"]);
            return cores => new RepresentativeLoad(cores, settings);
        });

    public override string Name => "representative";

    public override double Local => Representative.Of(Cores, _now);

    public override double Exported => Representative.Of(Cores, _told);

    public override double Ready => _told;

    public override double LocalReady => _now;

    public override bool IsPerCapacity => true;

    protected override void OnPeriod(double mean, double elapsed, in LoadSample sample)
    {
        _now = mean;
        _told = mean >= _told ? mean : _told + (mean - _told) * _settings.Fall;
    }

    public sealed record Settings(PeriodSettings Period, double Fall) : PeriodSettings(Period);
}
