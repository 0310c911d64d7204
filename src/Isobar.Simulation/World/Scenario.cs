using Isobar.Balancing.Load;
using Isobar.Simulation.Networks;

namespace Isobar.Simulation.World;

/// <summary>A machine of the simulated cluster.</summary>
/// <param name="Cores">Its cores with their speeds (1 = standard).</param>
/// <param name="MemoryBytes">Its memory.</param>
public sealed record MachineKind(CoreSet Cores, double MemoryBytes)
{
    /// <summary>One standard core and 4 GB.</summary>
    public static MachineKind Standard { get; } = new(CoreSet.Uniform(1), 4e9);
}

/// <summary>What moves truly cost in the simulated world (a profile's cost model is what a policy believes).</summary>
public sealed record MoveCosts
{
    /// <summary>Seconds that every move holds up the process, whatever its size.</summary>
    public double FixedSeconds { get; init; } = 0.15;

    /// <summary>Bytes per second of the copy (when links do not contend, or as the sender's own limit).</summary>
    public double BytesPerSecond { get; init; } = 1e9;

    /// <summary>Seconds that a start at another node holds up the new process.</summary>
    public double PlacementSeconds { get; init; } = 0.03;

    /// <summary>CPU seconds that a move costs at the source and again at the target, whatever its size.</summary>
    public double CpuSeconds { get; init; }

    /// <summary>Whether policies count these CPU seconds, as the daemon's do.</summary>
    public bool PoliciesCountCpu { get; init; }

    /// <summary>CPU seconds per byte moved, at the source and again at the target.</summary>
    public double CpuSecondsPerByte { get; init; }

    /// <summary>Lazy moves: share of the memory that the process will touch at the target.</summary>
    public double TouchedShare { get; init; } = 0.5;

    /// <summary>Checkpoints: bytes per second of the disk that holds them.</summary>
    public double CheckpointBytesPerSecond { get; init; } = 200e6;

    /// <summary>Whether moves contend for the topology's links.</summary>
    public bool Contention { get; init; }

    /// <summary>The costs of the scoreboard's replays of 1996: 0.3 s + memory at 0.5 MB/s, 0.3 s for a remote start, no CPU charged.</summary>
    public static MoveCosts Of1996 { get; } = new() { FixedSeconds = 0.3, BytesPerSecond = 0.5e6, PlacementSeconds = 0.3 };

    /// <summary>The scoreboard's modern costs: 0.15 s + memory at 1 GB/s.</summary>
    public static MoveCosts Modern { get; } = new();

    /// <summary>Modern costs with what such a copy takes from both CPUs too: 20 ms and half a core while bytes flow.</summary>
    public static MoveCosts ModernWithCpu { get; } = new() { CpuSeconds = 0.02, CpuSecondsPerByte = 0.5e-9 };
}

/// <summary>Owners who come and go: exponential times of presence and absence; a present owner works in short bursts.</summary>
public sealed record OwnerModel
{
    /// <summary>Share of the nodes that have an owner; the others are pool machines.</summary>
    public double Share { get; init; } = 1;

    public double PresentSeconds { get; init; } = 900;

    public double AbsentSeconds { get; init; } = 2700;

    /// <summary>CPU seconds of one burst (mean, exponential).</summary>
    public double BurstSeconds { get; init; } = 0.1;

    /// <summary>Pause between bursts (mean, exponential).</summary>
    public double PauseSeconds { get; init; } = 0.9;
}

/// <summary>A fault: a node that dies and comes back, or a set of nodes cut off from the others.</summary>
/// <param name="At">When it begins, seconds.</param>
/// <param name="Until">When it ends, seconds.</param>
/// <param name="Nodes">One node that crashes, or the nodes that are cut off together.</param>
/// <param name="IsPartition">Cut off (they run on) instead of dead.</param>
public sealed record Fault(double At, double Until, IReadOnlyList<int> Nodes, bool IsPartition);

/// <summary>A machine becomes faster or slower, or gets other cores: a quota that is changed, say.</summary>
/// <param name="At">When, seconds.</param>
/// <param name="Node">Which, from 0.</param>
/// <param name="Cores">What it has from then on.</param>
public sealed record MachineChange(double At, int Node, CoreSet Cores);

/// <summary>The world in which a workload meets a profile. Immutable; the same scenario, workload, profile and seed give the same run.</summary>
public sealed record Scenario
{
    /// <summary>Machines by node; the last one stands for all further nodes.</summary>
    public IReadOnlyList<MachineKind> Machines { get; init; } = [MachineKind.Standard];

    public Topology Topology { get; init; } = new();

    public MoveCosts Costs { get; init; } = MoveCosts.Modern;

    /// <summary>Mean memory of a process whose size the workload does not tell, in bytes.</summary>
    public double MeanMemory { get; init; } = 100e6;

    /// <summary>Whether that memory is exponential (else constant).</summary>
    public bool ExponentialMemory { get; init; }

    /// <summary>Slow-down of all processes of a node whose memory is overcommitted (Amir et al. 2000: 10).</summary>
    public double Thrashing { get; init; } = 10;

    /// <summary>A node kills its largest process when memory in use passes this multiple of what it has (swap included).</summary>
    public double KillAbove { get; init; } = double.PositiveInfinity;

    /// <summary>Moves that a node makes at a time, and that come to a node at a time, as the daemon's setting moves-at-once; 0: no limit.</summary>
    public int MovesAtOnce { get; init; }

    public OwnerModel? Owners { get; init; }

    public IReadOnlyList<Fault> Faults { get; init; } = [];

    public IReadOnlyList<MachineChange> Changes { get; init; } = [];

    /// <summary>Seconds of I/O wait are counted as network messages to home when a process is away.</summary>
    public bool HomeTraffic { get; init; } = true;

    /// <summary>Whether policies are told each process's CPU demand, as only an oracle (or an honest batch file) could.</summary>
    public bool KnownDemand { get; init; }

    /// <summary>
    /// Perfect knowledge is refreshed for all at once only every so many seconds (Mitzenmacher's bulletin board, 2000); 0: it is always fresh.
    /// Concerns profiles with the "oracle" dissemination only.
    /// </summary>
    public double KnowledgePeriod { get; init; }

    /// <summary>The run ends then even if processes are left; by default it ends with the last process.</summary>
    public double EndAt { get; init; } = double.PositiveInfinity;

    /// <summary>Processes that arrive before are not measured.</summary>
    public double WarmUp { get; init; }

    public ulong Seed { get; init; } = 1;

    public MachineKind Machine(int node) => Machines[Math.Min(node, Machines.Count - 1)];
}
