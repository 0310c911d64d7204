using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Load;

/// <summary>
/// Three exponential averages of the ready queue, as Sprite's migd: one look each 5 s, weights exp(-5/60), exp(-5/300), exp(-5/900), that is
/// 0.92004, 0.98347, 0.99446 [systems.md S13, mig.h]. Linux' own load averages have the same constants. Told is the first.
/// </summary>
public sealed class EwmaLoad : PeriodicLoad
{
    private readonly Settings _settings;
    private double _short;
    private double _medium;
    private double _long;

    public EwmaLoad(CoreSet cores, Settings settings)
        : base(cores, settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        _settings = settings;
    }

    public static Policy<LoadFactory> Policy { get; } = new(
        "ewma",
        "Three exponential averages of the ready queue (1, 5, 15 minutes)",
        "Sprite migd (Douglis, Ousterhout), mig.h",
        [
            .. PeriodSettings.Declare(5, 5, "Sprite: MIG_LOAD_INTERVAL 5 s"),
            PolicyParameter.Number("shortSeconds", 60, 0.001, 1e6, "Time constant of the first average: Sprite 60 s"),
            PolicyParameter.Number("mediumSeconds", 300, 0.001, 1e6, "Time constant of the second average: Sprite 300 s"),
            PolicyParameter.Number("longSeconds", 900, 0.001, 1e6, "Time constant of the third average: Sprite 900 s"),
        ],
        values =>
        {
            var settings = new Settings(PeriodSettings.Read(values), values["shortSeconds"], values["mediumSeconds"], values["longSeconds"]);
            return cores => new EwmaLoad(cores, settings);
        });

    public override string Name => "ewma";

    public override double Local => Normalise(_short);

    public override double LocalMedium => Normalise(_medium);

    public override double LocalSlow => Normalise(_long);

    public override double Exported => Normalise(_short);

    public override double Ready => _short;

    /// <summary>What remains of the old average after <paramref name="elapsed"/> seconds.</summary>
    public static double Weight(double elapsed, double timeConstant) => Math.Exp(-elapsed / timeConstant);

    protected override void OnPeriod(double mean, double elapsed, in LoadSample sample)
    {
        Update(ref _short, mean, Weight(elapsed, _settings.ShortSeconds));
        Update(ref _medium, mean, Weight(elapsed, _settings.MediumSeconds));
        Update(ref _long, mean, Weight(elapsed, _settings.LongSeconds));
    }

    private static void Update(ref double average, double now, double kept) => average = kept * average + (1 - kept) * now;

    public sealed record Settings(PeriodSettings Period, double ShortSeconds, double MediumSeconds, double LongSeconds)
        : PeriodSettings(Period);
}
