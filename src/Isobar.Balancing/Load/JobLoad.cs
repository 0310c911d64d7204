namespace Isobar.Balancing.Load;

/// <summary>
/// Load of one process or job: p.load = (5 * p.load + 3 * cpu) / 8 per period, in both directions [systems.md A1, Kerrighed's mosix_probe.c].
/// </summary>
public struct JobLoad
{
    public double Value { get; private set; }

    /// <param name="cpus">CPU seconds used per second in the period, of standard speed.</param>
    public void OnPeriod(double cpus) => Value = (5 * Value + 3 * cpus) / 8;
}

/// <summary>
/// A statistic of a process that fades (openMosix): multiplied by a share per decay interval; slow 975 and fast 926 per mille
/// [systems.md S21.2, TLDP]: half-lives of 27.4 and 9.0 intervals.
/// </summary>
public struct FadingStatistic
{
    public const double Slow = 0.975;

    public const double Fast = 0.926;

    public double Value { get; private set; }

    public void Add(double amount) => Value += amount;

    /// <param name="share">What remains per interval: <see cref="Slow"/> or <see cref="Fast"/>.</param>
    public void OnInterval(double share) => Value *= share;

    /// <summary>Intervals until half is left.</summary>
    public static double HalfLife(double share) => Math.Log(0.5) / Math.Log(share);
}
