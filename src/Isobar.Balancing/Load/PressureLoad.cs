using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Load;

/// <summary>
/// Load by pressure stall information (Linux 4.20 and later): the CPU seconds used per second, plus the share of time in which somebody waited,
/// drawn out as a queue grows: p / (1 - p). Unlike the ready count it does not miss waits between two looks, and it sees
/// waiting for memory and disk. The formula and the weights are ours.
/// </summary>
public sealed class PressureLoad : PeriodicLoad
{
    // At a pressure of 1 the queue is infinite; 0.95 stands for 19 waiting.
    private const double Saturation = 0.95;

    private readonly Settings _settings;
    private double _load;

    public PressureLoad(CoreSet cores, Settings settings)
        : base(cores, settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        _settings = settings;
    }

    public static Policy<LoadFactory> Policy { get; } = new(
        "pressure",
        "CPU use and the time lost by waiting (PSI) for CPU, memory, disk",
        "Linux PSI (Weiner 2018); formula ours",
        [
            .. PeriodSettings.Declare(1, 1, "ours"),
            PolicyParameter.Number("cpuWeight", 1, 0, 100, "Weight of waiting for a core"),
            PolicyParameter.Number("memoryWeight", 1, 0, 100, "Weight of waiting for memory"),
            PolicyParameter.Number("ioWeight", 0.25, 0, 100, "Weight of waiting for disks"),
        ],
        values =>
        {
            var settings = new Settings(PeriodSettings.Read(values), values["cpuWeight"], values["memoryWeight"], values["ioWeight"]);
            return cores => new PressureLoad(cores, settings);
        });

    public override string Name => "pressure";

    public override double Local => Normalise(_load);

    public override double Exported => Normalise(_load);

    public override double Ready => _load;

    /// <summary>Mean length of a queue that somebody stands in for this share of time.</summary>
    public static double Waiting(double pressure)
    {
        double p = Math.Clamp(pressure, 0, Saturation);
        return p / (1 - p);
    }

    protected override double Measure(in LoadSample sample) =>
        sample.CpuUsed
        + _settings.CpuWeight * Waiting(sample.CpuPressure)
        + _settings.MemoryWeight * Waiting(sample.MemoryPressure)
        + _settings.IoWeight * Waiting(sample.IoPressure);

    protected override void OnPeriod(double mean, double elapsed, in LoadSample sample) => _load = mean;

    public sealed record Settings(PeriodSettings Period, double CpuWeight, double MemoryWeight, double IoWeight) : PeriodSettings(Period);
}
