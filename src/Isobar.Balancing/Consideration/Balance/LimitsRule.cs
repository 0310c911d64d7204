using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Consideration.Balance;

/// <summary>
/// A job that may not be on this node (its user's wish, or the node is kept for somebody else) goes to the node among the allowed ones that serves it fastest. Where
/// none takes it, it stays and runs: a wish for a place is no reason to stand still.
/// </summary>
public sealed class LimitsRule : ConsiderationRule
{
    private static readonly ReasonForm Leaves = new("limits", "{job} moves to {node}: it may not be on this node");
    private static readonly ReasonForm Waits = new("limits", "{job} may not be on {node}, but no node where it may be takes it now");

    private readonly double _maxAgeSeconds;

    public LimitsRule(double maxAgeSeconds) => _maxAgeSeconds = maxAgeSeconds;

    public static Policy<RuleFactory> Policy { get; } = new(
        "limits",
        "Jobs leave nodes that they may not use",
        "openMosix node lists; Condor requirements; PBS reservations",
        [PolicyParameter.Number("maxAgeSeconds", 30, 0, 1e6, "Older news is not used; ours")],
        values =>
        {
            double maxAge = values["maxAgeSeconds"];
            return _ => new LimitsRule(maxAge);
        });

    public override string Name => "limits";

    public override bool Consider(in Snapshot snapshot, Trigger trigger, ref RandomSource random, Plan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        if (snapshot.Limits is not { } limits)
            return false;
        foreach (ref readonly JobInfo job in snapshot.Jobs)
        {
            if (!job.CanLeave || plan.Concerns(job.Id) || limits.Allows(job.Id, snapshot.Self.Node))
                continue;
            int target = Targets.Fastest(in snapshot, in job, _maxAgeSeconds, NodeId.None, ref random, out _);
            if (target >= 0)
                plan.Move(in job, snapshot.Others[target].Node, Leaves.With(job.Id, snapshot.Others[target].Node));
            else
                plan.Stay(Waits.With(job.Id, snapshot.Self.Node));
        }

        return false;
    }
}
