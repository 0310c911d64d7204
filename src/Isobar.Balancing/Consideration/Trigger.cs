namespace Isobar.Balancing.Consideration;

/// <summary>Why a consideration is asked now.</summary>
public enum Trigger : byte
{
    /// <summary>The period of the consideration has passed.</summary>
    Periodic,

    /// <summary>A job has just arrived here (Harchol-Balter and Downey consider at arrivals).</summary>
    Arrival,

    /// <summary>A job has ended or left here.</summary>
    Departure,

    /// <summary>News of others came in that may make a move worth while.</summary>
    News,

    /// <summary>Memory fell below its threshold.</summary>
    MemoryPressure,

    /// <summary>An owner's input came back, or his load.</summary>
    OwnerReturned,

    /// <summary>The owner's time of quiet has passed.</summary>
    OwnerLeft,

    /// <summary>The node shall be emptied.</summary>
    Leaving,
}
