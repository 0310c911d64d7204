using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Load;

/// <summary>
/// The review's load: the mean of the ready processes in mu looks of t over T = mu * t [Ahmed, Samsudin, Ramli 2008; systems.md A1: the
/// printed formula is the bare sum, the text says averaged]. Period and step are not given there: 1 s and 0.1 s are ours.
/// </summary>
public sealed class MeanLoad(CoreSet cores, PeriodSettings settings) : PeriodicLoad(cores, settings)
{
    private double _mean;

    public static Policy<LoadFactory> Policy { get; } = new(
        "mean",
        "Mean number of ready processes over a period",
        "Ahmed, Samsudin, Ramli 2008",
        PeriodSettings.Declare(1, 0.1, "not given in the review, MOSIX has 1"),
        values =>
        {
            var settings = PeriodSettings.Read(values);
            return cores => new MeanLoad(cores, settings);
        });

    public override string Name => "mean";

    public override double Local => Normalise(_mean);

    public override double Exported => Normalise(_mean);

    public override double Ready => _mean;

    protected override void OnPeriod(double mean, double elapsed, in LoadSample sample) => _mean = mean;
}
