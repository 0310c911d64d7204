using Isobar.Balancing;
using Isobar.Balancing.Consideration;
using Isobar.Balancing.Dissemination;
using Isobar.Balancing.Load;
using Isobar.Simulation.Processors;

namespace Isobar.Simulation.World;

/// <summary>One machine: its processor, its memory, its owner, and the three stages of the policy as the daemon would run them.</summary>
internal sealed class SimulatedNode
{
    /// <summary>A larger view is not read through in one event.</summary>
    private const int TouchedEntries = 64;

    private SimulatedProcess?[] _processes = new SimulatedProcess?[4];
    private RandomSource _random;

    public SimulatedNode(int index, MachineKind kind, RandomSource random)
    {
        Index = index;
        Kind = kind;
        Cpu = new SharedProcessor(kind.Cores);
        _random = random;
    }

    public int Index { get; }

    public NodeId Id => new(Index);

    /// <summary>What it is at present: <see cref="MachineChange"/>.</summary>
    public MachineKind Kind { get; set; }

    public SharedProcessor Cpu { get; }

    public LoadCalculator Load { get; set; } = null!;

    public DisseminationProtocol Protocol { get; set; } = null!;

    public RuleChain Rules { get; set; } = null!;

    public ref RandomSource Random => ref _random;

    public bool IsUp { get; set; } = true;

    /// <summary>Number of the side of the partition that it is on.</summary>
    public int Side { get; set; }

    public uint Incarnation { get; set; } = 1;

    public uint Sequence { get; set; }

    public int ProcessCount { get; private set; }

    public ReadOnlySpan<SimulatedProcess?> Processes => _processes.AsSpan(0, ProcessCount);

    public double MemoryUsed { get; set; }

    /// <summary>Bytes promised to processes on their way here.</summary>
    public double MemoryPromised { get; set; }

    public double MemoryFree => Math.Max(0, Kind.MemoryBytes - MemoryUsed - MemoryPromised);

    public int MovesOut { get; set; }

    public int MovesIn { get; set; }

    public Instant LastMoveStarted { get; set; } = Instant.Never;

    /// <summary>Event of the next end of service; -1: none.</summary>
    public int ServiceEvent { get; set; } = -1;

    public double SampledAt { get; set; }

    public double SampledReadySeconds { get; set; }

    public double SampledBusySeconds { get; set; }

    /// <summary>Version of the bulletin board that it has read.</summary>
    public uint BoardRead { get; set; }

    public bool HasOwner { get; set; }

    public bool OwnerPresent { get; set; }

    public double OwnerLeft { get; set; } = double.NegativeInfinity;

    public int OwnerReady { get; set; }

    /// <summary>Guests here that are not held.</summary>
    public int RunningGuests { get; set; }

    public double GuestsBesideOwnerSince { get; set; } = double.NaN;

    public long MessagesSent { get; set; }

    public long BytesSent { get; set; }

    /// <summary>Reads a word of each cache line of the object itself; the number means nothing.</summary>
    public long Touch() => (IsUp ? 1 : 0) + MessagesSent + (long)MemoryUsed + ProcessCount;

    /// <summary>Reads a word of each cache line of the objects that it refers to.</summary>
    public long TouchParts() =>
        Cpu.Count + (long)(Cpu.Drag + Load.Exported + Load.PeriodSeconds + Protocol.PeriodSeconds) + Protocol.Self.Value + Protocol.View.Count + Rules.Rules.Length + _processes.Length;

    /// <summary>Reads a word of each cache line of what those refer to: rules, view, processes.</summary>
    public long TouchRest()
    {
        var sum = Rules.Rules.IsEmpty ? 0L : Rules.Rules[0].Name.Length;
        if (Protocol.View.Count <= TouchedEntries)
            sum += Protocol.View.Touch();

        foreach (var process in Processes)
            sum += process!.Touch();

        return sum + Cpu.Touch();
    }

    public void Attach(SimulatedProcess process)
    {
        if (ProcessCount == _processes.Length)
            Array.Resize(ref _processes, ProcessCount * 2);

        process.Node = this;
        process.NodeSlot = ProcessCount;
        _processes[ProcessCount++] = process;
    }

    public void Detach(SimulatedProcess process)
    {
        var last = _processes[--ProcessCount]!;
        _processes[process.NodeSlot] = last;
        last.NodeSlot = process.NodeSlot;
        _processes[ProcessCount] = null;
        process.NodeSlot = -1;
    }

    /// <summary>Seconds since the owner's last input; very long on a machine without one.</summary>
    public double OwnerIdle(double now) => !HasOwner ? double.PositiveInfinity : OwnerPresent ? 0 : now - OwnerLeft;
}
