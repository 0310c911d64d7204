namespace Isobar.Balancing.Consideration;

/// <summary>A job's number in the cluster; the daemon maps it to the name (alpha-3).</summary>
public readonly record struct JobId(long Value)
{
    public override string ToString() => $"job {Value}";
}

/// <summary>What a job may and may not, and in what state it is.</summary>
[Flags]
public enum JobFlags : ushort
{
    None = 0,

    /// <summary>Cannot be moved now: a resource that CRIU refuses, a device, real-time, the user's --stay.</summary>
    Immobile = 1,

    /// <summary>Stopped by a policy (SIGSTOP or the cgroup freezer), memory kept.</summary>
    Suspended = 2,

    /// <summary>Frozen to disk (MOSIX2): holds no memory.</summary>
    Frozen = 4,

    /// <summary>Being moved right now.</summary>
    Moving = 8,

    /// <summary>Must not be suspended (interactive).</summary>
    NeverSuspend = 16,

    /// <summary>Cannot be checkpointed to disk.</summary>
    NoCheckpoint = 32,

    /// <summary>The user chose the node; only an owner or lack of memory may move it.</summary>
    Pinned = 64,

    /// <summary>Asked to leave (vacating) and given time.</summary>
    Vacating = 128,

    /// <summary>Stopped by its user: it wants nothing, and no policy lets it go on.</summary>
    Stopped = 256,

    /// <summary>A rule lets it run only on what the others leave.</summary>
    Background = 512,
}

/// <summary>One job as a policy sees it. A value, no references.</summary>
public struct JobInfo
{
    public JobId Id { get; set; }

    public NodeId Home { get; set; }

    /// <summary>Where it runs now; at arrival placement, where it was started.</summary>
    public NodeId Node { get; set; }

    public JobFlags Flags { get; set; }

    /// <summary>Small number is important: 0 is the owner's own, MOSIX2 levels and nice classes follow.</summary>
    public byte Priority { get; set; }

    /// <summary>The user (fair share, virtual organisation).</summary>
    public int User { get; set; }

    /// <summary>Hash of the program's name or path, for learnt signatures; 0 = unknown.</summary>
    public ulong Program { get; set; }

    /// <summary>CPU seconds used since its start at standard speed: its age in the sense of Harchol-Balter and Downey.</summary>
    public double CpuSeconds { get; set; }

    /// <summary>Smoothed CPUs that it uses, of standard speed (MOSIX: p.load); 1.0 = one CPU-bound process that gets a core alone.</summary>
    public double Load { get; set; }

    /// <summary>Runnable tasks that it would have if nothing held it back; 1 for a plain process.</summary>
    public float Tasks { get; set; }

    public long ResidentBytes { get; set; }

    /// <summary>Free memory that its user wants a node to have before the job goes there; 0 = no wish.</summary>
    public long MinMemoryBytes { get; set; }

    /// <summary>Bytes per second that it reads and writes through its home.</summary>
    public double HomeIoBytesPerSecond { get; set; }

    /// <summary>Seconds of freeze that a move would cost, if the host knows better than the cost model; NaN or 0 = unknown.</summary>
    public double FreezeSecondsHint { get; set; }

    /// <summary>CPU seconds that it will need in all, if somebody knows (a user's estimate, a batch file, an oracle); 0 = unknown.</summary>
    public double ExpectedCpuSeconds { get; set; }

    /// <summary>When its last checkpoint was written; its start if there is none.</summary>
    public Instant LastCheckpoint { get; set; }

    /// <summary>Children forked so far by all its processes.</summary>
    public int Forks { get; set; }

    public Instant Started { get; set; }

    /// <summary>When it came to this node: start or end of the last move.</summary>
    public Instant ArrivedHere { get; set; }

    /// <summary>When it was suspended or frozen or told to vacate; <see cref="Instant.Never"/> if it was not.</summary>
    public Instant StateSince { get; set; }

    /// <summary>CPU seconds at standard speed since it came to this node.</summary>
    public double CpuSecondsHere { get; set; }

    public int Moves { get; set; }

    public readonly bool Has(JobFlags flag) => (Flags & flag) != 0;

    /// <summary>Runs and could be moved now by a balancing rule.</summary>
    public readonly bool IsMovable =>
        (Flags & (JobFlags.Immobile | JobFlags.Moving | JobFlags.Pinned | JobFlags.Suspended | JobFlags.Frozen | JobFlags.Stopped)) == 0;

    /// <summary>Could be moved now by a rule that must (owner, memory, leaving): suspended and pinned ones too.</summary>
    public readonly bool CanLeave => (Flags & (JobFlags.Immobile | JobFlags.Moving)) == 0;

    public readonly bool IsRunning => (Flags & (JobFlags.Suspended | JobFlags.Frozen | JobFlags.Moving | JobFlags.Stopped)) == 0;

    public readonly bool IsGuest => Home != Node;

    public readonly double WallSeconds(Instant now) => now - Started;

    public readonly double SecondsHere(Instant now) => now - ArrivedHere;
}

/// <summary>The end of a job: what a learning rule is taught by.</summary>
public readonly record struct JobEnd(ulong Program, double CpuSeconds, double WallSeconds, long PeakResidentBytes, double HomeIoBytes, int Forks);
