using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Load;

/// <summary>
/// The review's load: T = mu * t, and L is the mean of the ready processes in mu steps of t [Ahmed, Samsudin, Ramli 2008; systems.md A1:
/// the printed formula is the bare sum, the text says averaged]. By default divided by the machine's capacity in standard cores.
/// </summary>
public sealed class MeanLoad : LoadCalculator
{
    private readonly Settings _settings;
    private double _sum;
    private int _steps;
    private double _mean;

    private MeanLoad(CoreSet cores, Settings settings)
        : base(cores)
    {
        _settings = settings;
    }

    public static Policy<LoadFactory> Policy { get; } = new(
        "mean",
        "Mean number of ready processes over a period",
        "Ahmed, Samsudin, Ramli 2008",
        [
            PolicyParameter.Number("stepSeconds", 0.1, 0.001, 60, "Seconds between two looks (t); the review gives no value"),
            PolicyParameter.Whole("steps", 10, 1, 10000, "Looks per period (mu); the review gives no value"),
            PolicyParameter.Switch("perCapacity", true, "Divide by the sum of the cores' speeds"),
        ],
        values =>
        {
            var settings = new Settings(values["stepSeconds"], values.Whole("steps"), values.On("perCapacity"));
            return cores => new MeanLoad(cores, settings);
        });

    public override string Name => "mean";

    public override double SampleSeconds => _settings.StepSeconds;

    public override double Local => _settings.PerCapacity ? _mean / Cores.Capacity : _mean;

    public override double Exported => Local;

    public override double Ready => _mean;

    public override double OneProcess(int cores, double speed) => _settings.PerCapacity ? 1 / (cores * speed) : 1;

    public override void Sample(in LoadSample sample)
    {
        _sum += sample.Ready;
        if (++_steps < _settings.Steps)
            return;
        _mean = _sum / _steps;
        _sum = 0;
        _steps = 0;
    }

    private sealed record Settings(double StepSeconds, int Steps, bool PerCapacity);
}
