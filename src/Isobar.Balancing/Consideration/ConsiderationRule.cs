using Isobar.Balancing.Load;

namespace Isobar.Balancing.Consideration;

/// <summary>
/// Stage 3, consideration: which job, where, when. A rule answers the hooks that it has something to say to; a
/// <see cref="RuleChain"/> asks the rules of a profile in order. One object per node: it may keep small state of its own (a ring's
/// position, learnt signatures), never a clock or randomness.
/// </summary>
public abstract class ConsiderationRule
{
    /// <summary>The name in profiles and in reasons.</summary>
    public abstract string Name { get; }

    /// <summary>On what ground it wants things done; said where all rules are listed (<see cref="Profiles.Policies.Consideration"/>), so that none can be forgotten.</summary>
    public Ground Ground { get; private set; }

    /// <summary>Sets its ground; returns it.</summary>
    public ConsiderationRule On(Ground ground)
    {
        Ground = ground;
        return this;
    }

    /// <summary>A job is about to start on this node (<c>job.Node</c>): where shall it? False = no opinion, the next rule is asked.</summary>
    public virtual bool TryPlace(in Snapshot snapshot, in JobInfo job, ref RandomSource random, out Placement placement)
    {
        placement = default;
        return false;
    }

    /// <summary>
    /// Considers the jobs that are here and adds actions to the plan. True = the matter is settled, later rules are not asked this
    /// time (memory ushering overrides balancing).
    /// </summary>
    public virtual bool Consider(in Snapshot snapshot, Trigger trigger, ref RandomSource random, Plan plan) => false;

    /// <summary>Another node offers a job: false in <paramref name="acceptance"/> refuses. Returns false for no opinion.</summary>
    public virtual bool TryJudge(in Snapshot snapshot, in JobOffer offer, out Acceptance acceptance)
    {
        acceptance = default;
        return false;
    }

    /// <summary>
    /// Flags that the node shall tell with its entry because of this rule (<see cref="NodeFlags.Blocked"/> while an owner is there). Asked
    /// after <see cref="Consider"/>.
    /// </summary>
    public virtual NodeFlags Advertise(in Snapshot snapshot) => NodeFlags.None;

    /// <summary>A job has ended here.</summary>
    public virtual void Learn(in JobEnd ended)
    {
    }

    /// <summary>A job has come to this node or has been placed here.</summary>
    public virtual void Arrived(in JobInfo job)
    {
    }
}
