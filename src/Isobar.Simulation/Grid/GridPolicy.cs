namespace Isobar.Simulation.Grid;

/// <summary>How the sites of a grid help each other.</summary>
public enum GridPolicy
{
    /// <summary>Each site serves its own jobs alone, first come first served.</summary>
    Isolated,

    /// <summary>
    /// Free slots of other sites are used, and a guest leaves at once when its host's own job needs the slot. A site's own jobs find every slot of
    /// theirs; but a job that was sent away may find its home taken by later ones, and then ends later than alone.
    /// </summary>
    OwnersFirst,

    /// <summary>
    /// Owners first, and from the moment at which a job would have begun alone a slot of its home is its own: no job ever ends later than alone,
    /// whatever arrives and whatever moves cost (<see cref="AloneSchedule"/>).
    /// </summary>
    NeverLaterThanAlone,
}

/// <summary>What one job of a grid met with.</summary>
/// <param name="Site">Its home site.</param>
/// <param name="Wait">Time in the system less its run time: queueing, moves and what was lost by being sent away; seconds.</param>
/// <param name="Run">Its run time, seconds.</param>
public readonly record struct GridJobResult(int Site, double Wait, double Run);
