using Isobar.Balancing.Load;

namespace Isobar.Balancing.Consideration;

/// <summary>What a node knows of itself and does not tell in its entry.</summary>
public struct NodeState
{
    /// <summary>The load calculator's value for own decisions (MOSIX: mean).</summary>
    public double LocalLoad { get; set; }

    /// <summary>Whether the calculator divides by the capacity in standard cores.</summary>
    public bool IsLoadPerCapacity { get; set; }

    /// <summary>The calculator's medium and long averages (Sprite: 5 and 15 minutes).</summary>
    public double MediumLoad { get; set; }

    public double SlowLoad { get; set; }

    /// <summary>The part of the load that is low priority: Sprite subtracts it.</summary>
    public double LowPriorityLoad { get; set; }

    /// <summary>Runnable tasks at this very moment, without smoothing.</summary>
    public double ReadyNow { get; set; }

    /// <summary>The load calculator's runnable tasks for own decisions.</summary>
    public double LocalReady { get; set; }

    /// <summary>The part of the load that is neither a job nor low priority: Condor's NonCondorLoad.</summary>
    public double OwnerLoad { get; set; }

    /// <summary>Seconds since the last keyboard or pointer input; infinite on a machine without an owner.</summary>
    public double OwnerIdleSeconds { get; set; }

    public long FreeMemoryBytes { get; set; }

    public long TotalMemoryBytes { get; set; }

    /// <summary>Bytes per second by which the jobs' memory grows at present; negative when it shrinks, 0 when it is not known.</summary>
    public double MemoryFillBytesPerSecond { get; set; }

    public int UsedProcessSlots { get; set; }

    /// <summary>pid_max or the user's limit; 0 = unknown.</summary>
    public int MaxProcessSlots { get; set; }

    /// <summary>When this node last started a move; <see cref="Instant.Never"/> if it did not.</summary>
    public Instant LastMoveStarted { get; set; }

    public int MovesInProgress { get; set; }

    /// <summary>Moves to this node that it accepted and that are under way.</summary>
    public int ArrivalsInProgress { get; set; }

    /// <summary>All guests must go, for example before an update.</summary>
    public bool Leaving { get; set; }

    /// <summary>Takes over all that the load calculator says for own decisions.</summary>
    public void TakeLoad(LoadCalculator calculator)
    {
        ArgumentNullException.ThrowIfNull(calculator);
        LocalLoad = calculator.Local;
        MediumLoad = calculator.LocalMedium;
        SlowLoad = calculator.LocalSlow;
        LocalReady = calculator.LocalReady;
        IsLoadPerCapacity = calculator.IsPerCapacity;
    }
}
