using Isobar.Balancing.Consideration;
using Isobar.Simulation.Processors;
using Isobar.Simulation.Workloads;

namespace Isobar.Simulation.World;

/// <summary>Where a process is in its life.</summary>
public enum ProcessState
{
    /// <summary>Its time has not come.</summary>
    Unborn,

    /// <summary>Ready or waiting for I/O at its node.</summary>
    Active,

    /// <summary>On the way to a node.</summary>
    Moving,

    /// <summary>Stopped or frozen at its node.</summary>
    Held,

    /// <summary>Waits for its home to come back after a crash.</summary>
    Homeless,

    Finished,

    Killed,
}

/// <summary>A process of the workload while it is simulated. Its CPU demand is cut into segments that end in an I/O wait, a fork or its end.</summary>
/// <remarks>The object of one that has ended serves the next one (<see cref="ProcessPool"/>).</remarks>
internal sealed class SimulatedProcess : ProcessorTask
{
    private JobInfo _info;

    public int Index { get; private set; }

    public WorkItem Item { get; private set; } = null!;

    /// <summary>Resident bytes.</summary>
    public double Memory { get; private set; }

    public ProcessState State { get; set; }

    /// <summary>The node that holds it; the source while it moves.</summary>
    public SimulatedNode Node { get; set; } = null!;

    /// <summary>Place in the list of its node.</summary>
    public int NodeSlot { get; set; } = -1;

    /// <summary>Where it moves to.</summary>
    public SimulatedNode? Target { get; set; }

    /// <summary>Work of the present segment when it is off the CPU.</summary>
    public double SegmentLeft { get; set; }

    /// <summary>Work after the present segment.</summary>
    public double AfterSegment { get; set; }

    /// <summary>Whether it waits for I/O (or for remote pages) rather than for a core.</summary>
    public bool Waiting { get; set; }

    /// <summary>Event of the end of its wait or of its move; -1: none.</summary>
    public int Event { get; set; } = -1;

    /// <summary>CPU seconds used when it came to its node.</summary>
    public double CpuAtArrival { get; set; }

    /// <summary>Seconds that it still has to wait for pages of its last lazy move.</summary>
    public double StallLeft { get; set; }

    /// <summary>CPU seconds used at its last checkpoint.</summary>
    public double Checkpointed { get; set; }

    /// <summary>When it really began, in seconds (children: when they were forked).</summary>
    public double Born { get; set; }

    /// <summary>Next of its children to fork, as an index into the simulation's list of children.</summary>
    public int NextChild { get; set; }

    /// <summary>The target wants it not to run yet.</summary>
    public bool ArrivesHeld { get; set; }

    /// <summary>A lazy move has left pages behind on this node until the stall is over.</summary>
    public SimulatedNode? PagesAt { get; set; }

    /// <summary>Bytes of its memory that another node holds for it, and which node.</summary>
    public double PagedOut { get; set; }

    public SimulatedNode? PageServer { get; set; }

    /// <summary>What the policies know of it.</summary>
    public ref JobInfo Info => ref _info;

    /// <summary>CPU seconds used so far (the process's node must have been advanced to the present).</summary>
    public double CpuUsed => Item.Cpu - AfterSegment - (IsReady ? Node.Cpu.Remaining(this) : SegmentLeft);

    public JobId Id => new(Index);

    /// <summary>Reads a word of each cache line of the object; the number means nothing.</summary>
    public long Touch() => Index + NodeSlot + _info.Id.Value + _info.Forks + _info.Moves + (long)_info.CpuSeconds;

    /// <summary>Makes the object that of another process, which nothing has happened to yet.</summary>
    public void Become(int index, WorkItem item, double memory)
    {
        Index = index;
        Item = item;
        Memory = memory;
        _info = default;
        State = ProcessState.Unborn;
        Node = null!;
        NodeSlot = -1;
        Target = null;
        SegmentLeft = 0;
        AfterSegment = item.Cpu;
        Waiting = false;
        Event = -1;
        CpuAtArrival = 0;
        StallLeft = 0;
        Checkpointed = 0;
        Born = 0;
        NextChild = 0;
        ArrivesHeld = false;
        PagesAt = null;
        PagedOut = 0;
        PageServer = null;
    }

    /// <summary>Off the CPU: the rest of its segment is to be cut anew, because it now has to wait in between.</summary>
    public void Uncut()
    {
        AfterSegment += SegmentLeft;
        SegmentLeft = 0;
    }
}

/// <summary>CPU work of the system itself: packing and unpacking the image of a move.</summary>
internal sealed class KernelTask : ProcessorTask
{
}

/// <summary>The interactive work of a node's owner.</summary>
internal sealed class OwnerTask : ProcessorTask
{
    public double Began { get; set; }

    public double Work { get; set; }
}
