namespace Isobar.Simulation.Metrics;

/// <summary>What one run measured. Slowdown is time in the system over the time that the process would take alone on a standard machine.</summary>
public sealed record RunResult
{
    public required string Profile { get; init; }

    public required string Workload { get; init; }

    public ulong Seed { get; init; }

    /// <summary>Processes that ended and are measured.</summary>
    public int Processes { get; init; }

    public double MeanSlowdown { get; init; }

    public double MedianSlowdown { get; init; }

    public double P95Slowdown { get; init; }

    public double P99Slowdown { get; init; }

    /// <summary>Mean of time in the system less the time alone, in seconds.</summary>
    public double MeanDelay { get; init; }

    public double P99Delay { get; init; }

    /// <summary>Mean time in the system, in seconds.</summary>
    public double MeanResponse { get; init; }

    /// <summary>When the last process ended, seconds.</summary>
    public double Makespan { get; init; }

    /// <summary>Jain's index over the mean slowdowns of the home nodes: 1 when no home is worse served than another.</summary>
    public double Fairness { get; init; }

    /// <summary>Busy cores over all cores, 0 to 1.</summary>
    public double Utilisation { get; init; }

    public long Placements { get; init; }

    public long Moves { get; init; }

    /// <summary>Most moves of any one process.</summary>
    public int MostMoves { get; init; }

    public long Aborts { get; init; }

    public long Refusals { get; init; }

    /// <summary>Bytes of process images moved.</summary>
    public double BytesMoved { get; init; }

    /// <summary>Messages of the dissemination stage per node and second.</summary>
    public double MessagesPerNodeSecond { get; init; }

    /// <summary>Bytes of load information per node and second, headers of UDP and IP and riding entries included.</summary>
    public double LoadBytesPerNodeSecond { get; init; }

    /// <summary>Messages per second (load and control) that the busiest node sent: what a master or manager pays.</summary>
    public double BusiestNodeMessagesPerSecond { get; init; }

    /// <summary>Bytes per second of these messages.</summary>
    public double BusiestNodeBytesPerSecond { get; init; }

    /// <summary>Load entries that rode on other messages.</summary>
    public long AttachedEntries { get; init; }

    /// <summary>Mean age of all entries that deciders had before them, in seconds.</summary>
    public double InformationAge { get; init; }

    /// <summary>Mean age of the entries that were acted on, in seconds.</summary>
    public double ActedAge { get; init; }

    /// <summary>Share of moves and remote starts whose target had at least one process more or less than believed.</summary>
    public double StaleShare { get; init; }

    /// <summary>Share of moves and remote starts that, known the truth, gave the process less CPU than it had.</summary>
    public double WrongShare { get; init; }

    /// <summary>Mean slowdown of the owners' own bursts; 1 when nobody disturbs them.</summary>
    public double OwnerSlowdown { get; init; }

    /// <summary>Guest seconds spent running beside a present owner.</summary>
    public double GuestSecondsBesideOwner { get; init; }

    public long Suspensions { get; init; }

    /// <summary>Processes killed for want of memory.</summary>
    public long Kills { get; init; }

    /// <summary>Processes that the same workload and seed loses to want of memory when every process stays where it was started; null: not known.</summary>
    public long? KillsWithoutBalancing { get; init; }

    /// <summary>Kills that balancing spared: those without it less those with it, negative when it made them; NaN when those without it are not known.</summary>
    public double KillsAvoided => KillsWithoutBalancing - Kills ?? double.NaN;

    /// <summary>Times that a node began to thrash.</summary>
    public long Thrashings { get; init; }

    public long Restarts { get; init; }

    /// <summary>CPU seconds that were done and lost.</summary>
    public double LostCpu { get; init; }

    /// <summary>Processes that had not ended when the run was over.</summary>
    public int Unfinished { get; init; }

    public long Events { get; init; }
}
