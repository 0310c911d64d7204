namespace Isobar.Simulation.Workloads;

/// <summary>One process of a workload, as plain data. Seconds are virtual; CPU seconds are those of a standard core (speed 1).</summary>
public sealed record WorkItem
{
    /// <summary>When it starts; for a child, ignored: it starts when its parent has used <see cref="ForkAtCpu"/>.</summary>
    public required double Arrival { get; init; }

    /// <summary>Index of its home node.</summary>
    public required int Home { get; init; }

    /// <summary>CPU seconds that it needs.</summary>
    public required double Cpu { get; init; }

    /// <summary>Name of its program (what start-time policies know it by).</summary>
    public string Name { get; init; } = "";

    /// <summary>Resident memory in bytes; negative: the scenario's law draws it.</summary>
    public double Memory { get; init; } = -1;

    /// <summary>CPU seconds between two waits for I/O; zero: it never waits.</summary>
    public double IoBurst { get; init; }

    /// <summary>Seconds of one wait for I/O at home.</summary>
    public double IoWait { get; init; }

    /// <summary>Bytes that one wait moves to or from files at home; away from home they cross the network.</summary>
    public double IoBytes { get; init; }

    /// <summary>Whether it must stay where it starts.</summary>
    public bool Immobile { get; init; }

    /// <summary>Whether it belongs to the owner of its home node, whose comfort the owner rules protect.</summary>
    public bool Owner { get; init; }

    /// <summary>Index of its parent among the workload's items; -1: none.</summary>
    public int Parent { get; init; } = -1;

    /// <summary>CPU seconds of the parent after which it is forked.</summary>
    public double ForkAtCpu { get; init; }

    /// <summary>Time that it would take on an idle standard machine: CPU plus I/O waits. The denominator of slowdown.</summary>
    public double Alone => Cpu + (IoBurst > 0 ? Math.Floor(Math.Max(0, Cpu - 1e-9) / IoBurst) * IoWait : 0);

    /// <summary>FNV-1a of a program's name: a stable key for learnt signatures; zero for no name.</summary>
    public static ulong Fingerprint(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name.Length == 0)
            return 0;

        var hash = 14695981039346656037UL;
        foreach (var letter in name)
            hash = (hash ^ letter) * 1099511628211UL;

        return hash;
    }
}
