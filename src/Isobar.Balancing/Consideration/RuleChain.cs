using Isobar.Balancing.Load;

namespace Isobar.Balancing.Consideration;

/// <summary>The rules of one node in the order of its profile: the entry point for the daemon and for a simulator.</summary>
public sealed class RuleChain
{
    private static readonly ReasonForm StartsHere = new("none", "{job} starts here: no rule places new jobs elsewhere");
    private static readonly ReasonForm NoRefusal = new("none", "{node} takes {job}: no rule refuses");

    private readonly ConsiderationRule[] _rules;

    public RuleChain(params ReadOnlySpan<ConsiderationRule> rules) => _rules = rules.ToArray();

    public ReadOnlySpan<ConsiderationRule> Rules => _rules;

    /// <summary>Where a new job shall start: the first rule with an opinion wins; without one, here.</summary>
    public Placement Place(in Snapshot snapshot, in JobInfo job, ref RandomSource random)
    {
        foreach (ConsiderationRule rule in _rules)
        {
            if (rule.TryPlace(in snapshot, in job, ref random, out Placement placement))
                return placement;
        }

        return new Placement(
            snapshot.Self.Node,
            NodeId.None,
            StartsHere.With(job.Id, snapshot.Self.Node));
    }

    /// <summary>Asks the rules in order until one settles the matter; the plan is cleared first.</summary>
    public void Decide(in Snapshot snapshot, Trigger trigger, ref RandomSource random, Plan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        plan.Clear();
        foreach (ConsiderationRule rule in _rules)
        {
            plan.Ground = rule.Ground;
            if (rule.Consider(in snapshot, trigger, ref random, plan))
                return;
        }
    }

    /// <summary>Whether this node takes a job that is offered: one refusal is enough; without an opinion, yes.</summary>
    public Acceptance Judge(in Snapshot snapshot, in JobOffer offer)
    {
        bool suspended = false;
        Reason reason = NoRefusal.With(offer.Job.Id, snapshot.Self.Node);
        foreach (ConsiderationRule rule in _rules)
        {
            if (!rule.TryJudge(in snapshot, in offer, out Acceptance acceptance))
                continue;
            if (!acceptance.Accepted)
                return acceptance;
            suspended |= acceptance.Suspended;
            reason = acceptance.Reason;
        }

        return new Acceptance(true, suspended, reason);
    }

    /// <summary>Flags that the node shall publish by its rules.</summary>
    public NodeFlags Advertise(in Snapshot snapshot)
    {
        NodeFlags flags = NodeFlags.None;
        foreach (ConsiderationRule rule in _rules)
            flags |= rule.Advertise(in snapshot);
        return flags;
    }

    public void Learn(in JobEnd ended)
    {
        foreach (ConsiderationRule rule in _rules)
            rule.Learn(in ended);
    }

    public void Arrived(in JobInfo job)
    {
        foreach (ConsiderationRule rule in _rules)
            rule.Arrived(in job);
    }
}
