namespace Isobar.Balancing.Load;

/// <summary>
/// What is known of one node at one moment; the element of every load vector and of every message. 64 bytes, no references.
/// </summary>
/// <remarks>
/// Load is in processes: 1.0 is one CPU-bound process on a core of standard speed (MOSIX prints the same times 100).
/// Speed is relative to a standard core (1.0; MOSIX' standard speed 10000).
/// </remarks>
public struct LoadEntry
{
    public NodeId Node { get; set; }

    /// <summary>Number of the node's life: a restarted node counts its sequence from 0 but is newer.</summary>
    public uint Incarnation { get; set; }

    /// <summary>Grows with each new entry of the same life.</summary>
    public uint Sequence { get; set; }

    /// <summary>When the node measured it, on the clock of the reader (messages carry ages, never clocks).</summary>
    public Instant Stamp { get; set; }

    /// <summary>The exported scalar of the load calculator, for classic policies: normalised by cores and speed if the calculator does so.</summary>
    public float Load { get; set; }

    /// <summary>Runnable tasks, running ones included, smoothed only if the calculator smooths them.</summary>
    public float Ready { get; set; }

    /// <summary>Speed of the fastest core (1.0 = standard).</summary>
    public float Speed { get; set; }

    /// <summary>Sum of the speeds of the usable cores, quota and hyperthreads considered.</summary>
    public float Capacity { get; set; }

    /// <summary>Speed of the slowest core; with <see cref="Speed"/> and <see cref="Capacity"/> it tells what the next free core gives.</summary>
    public float SlowestSpeed { get; set; }

    public ushort Cores { get; set; }

    /// <summary>Jobs of other nodes that run here.</summary>
    public ushort Guests { get; set; }

    public uint FreeMemoryMiB { get; set; }

    public uint TotalMemoryMiB { get; set; }

    /// <summary>Seconds since the last input of an owner, saturated at 65535.</summary>
    public ushort OwnerIdleSeconds { get; set; }

    public NodeFlags Flags { get; set; }

    /// <summary>
    /// Importance of the most important work that runs here: 255 less its <c>JobInfo.Priority</c>, so 255 for an owner's own; 0 when nothing
    /// runs or nothing is told (MOSIX2 calls it level and counts the other way).
    /// </summary>
    public byte Level { get; set; }

    /// <summary>Logged-in users (Kerrighed's RBT weighs the load by them).</summary>
    public byte Users { get; set; }

    /// <summary>Disk utilisation, 0..100.</summary>
    public byte DiskPercent { get; set; }

    /// <summary>Network utilisation, 0..100.</summary>
    public byte NetworkPercent { get; set; }

    public readonly bool Has(NodeFlags flag) => (Flags & flag) != 0;

    /// <summary>Seconds since the measurement.</summary>
    public readonly double Age(Instant now) => now - Stamp;

    public readonly long FreeMemoryBytes => (long)FreeMemoryMiB << 20;

    public readonly long TotalMemoryBytes => (long)TotalMemoryMiB << 20;

    /// <summary>True if this is later news of the same node than <paramref name="other"/>, by life and sequence, never by clocks.</summary>
    public readonly bool IsNewerThan(in LoadEntry other) =>
        Incarnation != other.Incarnation ? Incarnation > other.Incarnation : Sequence > other.Sequence;
}
