namespace Isobar.Balancing.Load;

/// <summary>What a node says of itself beside numbers.</summary>
[Flags]
public enum NodeFlags : ushort
{
    None = 0,

    /// <summary>Takes no guests (openMosix "block", drained, owner's wish).</summary>
    Blocked = 1,

    /// <summary>An owner sits at it (input within the owner rule's time).</summary>
    OwnerPresent = 2,

    /// <summary>Free memory is below its own threshold.</summary>
    MemoryLow = 4,

    /// <summary>Leaves the cluster: all guests must go.</summary>
    Leaving = 8,

    /// <summary>Somebody believes that it is dead (news of a protocol; the node itself never sends it about itself).</summary>
    Dead = 16,

    /// <summary>Stands for its whole group: the node is the group's best member, the load is the group's mean (two-level hierarchy).</summary>
    Aggregate = 32,

    /// <summary>No owner: a machine of a processor pool.</summary>
    Pool = 64,

    /// <summary>Does not move work by its own decision (openMosix "quiet").</summary>
    Quiet = 128,

    /// <summary>Kept for one user or one home; for whom is told by other ways (<see cref="Consideration.JobLimits"/>).</summary>
    Reserved = 256,
}
