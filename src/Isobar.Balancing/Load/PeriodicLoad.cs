namespace Isobar.Balancing.Load;

/// <summary>A calculator that averages the ready processes over a period, weighted by time, and then does something with the mean.</summary>
public abstract class PeriodicLoad : LoadCalculator
{
    private readonly PeriodSettings _settings;
    private Instant _last = Instant.Never;
    private double _sum;
    private double _weight;

    protected PeriodicLoad(CoreSet cores, PeriodSettings settings)
        : base(cores)
    {
        ArgumentNullException.ThrowIfNull(settings);
        _settings = settings;
    }

    public override double SampleSeconds => _settings.StepSeconds;

    public override double PeriodSeconds => _settings.PeriodSeconds;

    public override bool IsPerCapacity => _settings.PerCapacity;

    public override void Sample(in LoadSample sample)
    {
        double weight = _last == Instant.Never ? _settings.StepSeconds : Math.Max(0, sample.Time - _last);
        _last = sample.Time;
        _sum += Measure(in sample) * weight;
        _weight += weight;

        // A step's jitter must not stretch the period by a whole step.
        if (_weight < _settings.PeriodSeconds - _settings.StepSeconds * 0.5 && _weight < _settings.PeriodSeconds * 0.999)
            return;
        double mean = _weight > 0 ? _sum / _weight : 0;
        double elapsed = _weight;
        _sum = 0;
        _weight = 0;
        OnPeriod(mean, elapsed, in sample);
    }

    public override void Begin(in LoadSample sample)
    {
        _last = sample.Time;
        (_sum, _weight) = (0, 0);
        OnPeriod(Measure(in sample), double.PositiveInfinity, in sample);
    }

    /// <summary>What is averaged: the ready processes unless a calculator looks at something else.</summary>
    protected virtual double Measure(in LoadSample sample) => sample.Ready;

    /// <summary>A period is over.</summary>
    /// <param name="mean">Time-weighted mean of the measure.</param>
    /// <param name="elapsed">Its length in seconds; infinite at the beginning, when nothing was before.</param>
    /// <param name="sample">The last sample of it.</param>
    protected abstract void OnPeriod(double mean, double elapsed, in LoadSample sample);

    /// <summary>A number of processes as load: divided by the capacity in standard cores if the settings say so.</summary>
    protected double Normalise(double processes) => _settings.PerCapacity ? processes / Cores.Capacity : processes;
}
