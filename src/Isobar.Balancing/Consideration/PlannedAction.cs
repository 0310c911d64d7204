namespace Isobar.Balancing.Consideration;

public enum ActionKind : byte
{
    /// <summary>Move a running (or suspended) job to <see cref="PlannedAction.To"/>.</summary>
    Move,

    /// <summary>Stop it where it is; memory stays.</summary>
    Suspend,

    /// <summary>Let a suspended job run on.</summary>
    Resume,

    /// <summary>Freeze it to disk; it holds no memory any more.</summary>
    Freeze,

    /// <summary>Bring a frozen job back.</summary>
    Thaw,

    /// <summary>Let it run only on what the others leave (foreground-background processing).</summary>
    Background,

    /// <summary>Let it share again like the others.</summary>
    Foreground,

    /// <summary>Write a checkpoint and let it run on.</summary>
    Checkpoint,

    /// <summary>Ask it to leave: checkpoint, then start elsewhere or wait for a machine at home.</summary>
    Vacate,

    /// <summary>Push cold memory of the job to the memory of another node; the job stays (global memory, remote memory server).</summary>
    PageOut,

    /// <summary>The time to vacate is over: kill it; it restarts from its last checkpoint.</summary>
    Kill,
}

/// <summary>On what ground a rule wants things done.</summary>
public enum Ground : byte
{
    /// <summary>The job, or others, get more by it: not done where that is no longer so, or where its user or an administrator wants no such moves.</summary>
    Gain,

    /// <summary>It must be, whatever it is worth: want of memory, a node that is wanted by somebody else. A target refuses it only for want of room.</summary>
    Need,

    /// <summary>A need that holds in every profile, also in one that moves nothing: where jobs may be, an owner, a node that is emptied.</summary>
    NeedInEveryProfile,
}

/// <summary>One thing that a plan wants done. The host re-checks it against the present, asks the target, and then acts.</summary>
/// <param name="Alternate">A second target, if the first one refuses; <see cref="NodeId.None"/> if there is none.</param>
public readonly record struct PlannedAction(ActionKind Kind, JobId Job, NodeId From, NodeId To, NodeId Alternate, Reason Reason)
{
    /// <summary>That of the rule which wants it (<see cref="ConsiderationRule.Ground"/>).</summary>
    public Ground Ground { get; init; }

    /// <summary>A move that cannot be wait for its turn: until then the job stands still where it is.</summary>
    public bool StandsStillMeanwhile { get; init; }

    /// <summary>How much, for <see cref="ActionKind.PageOut"/>.</summary>
    public long Bytes { get; init; }
}

/// <summary>Where a new job shall start.</summary>
/// <param name="Target">The node; the node itself for "here".</param>
/// <param name="Alternate">A second target, if the first one refuses.</param>
public readonly record struct Placement(NodeId Target, NodeId Alternate, Reason Reason);

/// <summary>A target's answer to an offer.</summary>
/// <param name="Suspended">Take it in, but do not let it run yet (MOSIX2: evacuated jobs come frozen).</param>
public readonly record struct Acceptance(bool Accepted, bool Suspended, Reason Reason);

/// <summary>What a node sends to a target before it moves or places a job there.</summary>
/// <param name="From">The node that offers.</param>
/// <param name="SourceShare">What one task of the job gets at the source now, in standard cores (1 = a whole standard core).</param>
/// <param name="ExpectedShare">What the source thinks that it would get at the target.</param>
/// <param name="Placement">True for a job that has not started yet.</param>
/// <param name="Forced">True if it must leave (owner, memory, leaving node): an offer that a target refuses only for want of room.</param>
/// <param name="OthersGain">By how much those that stay at the source are served faster without it, all together: seconds per CPU second of the job (<see cref="Load.CpuShare.DelayOfOthers"/>).</param>
public readonly record struct JobOffer(JobInfo Job, NodeId From, double SourceShare, double ExpectedShare, bool Placement, bool Forced, double OthersGain = 0);
