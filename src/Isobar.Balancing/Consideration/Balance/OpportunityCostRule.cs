using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Consideration.Balance;

/// <summary>
/// Assigns each new job where its marginal <see cref="OpportunityCost"/> is least (E-PVM), and with <c>reassign</c> moves jobs as long as that lowers
/// the system's cost (E-MOSIX) [systems.md A4].
/// </summary>
public sealed class OpportunityCostRule : ConsiderationRule
{
    private static readonly ReasonForm Starts = new(
        "opportunity-cost", "{job} starts on {node}: marginal cost {a} there, {b} here, of n = {c} nodes and load scale {d}", "there here nodes scale");

    private static readonly ReasonForm Moves = new(
        "opportunity-cost", "{job} moves to {node}: it costs {a} there and {b} here, factor {c}, load scale {d}", "there here factor scale");

    private static readonly ReasonForm Stays = new(
        "opportunity-cost", "{job} stays: it would cost {a} at {node} and costs {b} here, factor {c}", "there here factor");

    private readonly Settings _settings;
    private double _largest = 1;

    public OpportunityCostRule(Settings settings) => _settings = settings;

    public static Policy<RuleFactory> Policy { get; } = new(
        "opportunity-cost",
        "Least marginal cost n^load + n^memory (E-PVM, E-MOSIX)",
        "Amir, Awerbuch, Barak, Borgstrom, Keren 2000",
        [
            PolicyParameter.Switch("reassign", true, "Move running jobs too (E-MOSIX); false = assign once (E-PVM)"),
            PolicyParameter.Number("factor", 1, 0.01, 1, "A move must cost less than this share of what the job costs here: 1 = greedy; the theory's 1/2 gives O(log n) moves per job"),
            PolicyParameter.Switch("guard", true, "Require that the lifetime criterion pays for the move; ours, the paper charges nothing"),
            PolicyParameter.Number("minSecondsHere", 1, 0, 86400, "Seconds that a job must have been here; unknown"),
            PolicyParameter.Number("maxAgeSeconds", 30, 0, 1e6, "Older news is not used; ours"),
            PolicyParameter.Number("maximumLoad", 0, 0, 1e6, "The load L that counts as full: the smaller, the more a crowd costs; 0 = unknown, found by doubling, as published"),
        ],
        values =>
        {
            var settings = new Settings(
                values.On("reassign"), values["factor"], values.On("guard"), values["minSecondsHere"], values["maxAgeSeconds"], values["maximumLoad"]);
            return _ => new OpportunityCostRule(settings);
        });

    public override string Name => "opportunity-cost";

    public override bool TryPlace(in Snapshot snapshot, in JobInfo job, ref RandomSource random, out Placement placement)
    {
        OpportunityCost cost = Scale(in snapshot);
        double here = cost.Marginal(
            snapshot.State.ReadyNow / snapshot.Self.Capacity, OwnMemoryShare(in snapshot), 1 / snapshot.Self.Capacity, Share(in snapshot.Self, in job));
        int best = Best(in snapshot, cost, in job, out double there);
        NodeId node = best >= 0 && there < here ? snapshot.Others[best].Node : snapshot.Self.Node;
        placement = new(node, NodeId.None, Starts.With(job.Id, node, Math.Min(there, here), here, cost.Nodes, cost.Scale));
        return true;
    }

    public override bool Consider(in Snapshot snapshot, Trigger trigger, ref RandomSource random, Plan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        if (!_settings.Reassign || snapshot.Others.IsEmpty)
            return false;
        OpportunityCost cost = Scale(in snapshot);
        double load = snapshot.State.ReadyNow / snapshot.Self.Capacity;
        int bestJob = -1;
        int bestTarget = -1;
        double bestThere = 0;
        double bestHere = 0;
        for (int i = 0; i < snapshot.Jobs.Length; i++)
        {
            ref readonly JobInfo job = ref snapshot.Jobs[i];
            if (!JobChoice.IsCandidate(in snapshot, in job, plan, _settings.MinSecondsHere))
                continue;
            double added = 1 / snapshot.Self.Capacity;
            double share = Share(in snapshot.Self, in job);
            double here = cost.MarginalUnbounded(load - added, OwnMemoryShare(in snapshot) - share, added, share);
            int target = Best(in snapshot, cost, in job, out double there);
            if (target < 0)
                continue;
            bool pays = there < _settings.Factor * here && (!_settings.Guard || IsWorth(in snapshot, in job, in snapshot.Others[target]));
            if (!pays)
                plan.Stay(Stays.With(job.Id, snapshot.Others[target].Node, there, here, _settings.Factor));
            else if (bestJob < 0 || here - there > bestHere - bestThere)
                (bestJob, bestTarget, bestThere, bestHere) = (i, target, there, here);
        }

        if (bestJob >= 0)
        {
            NodeId to = snapshot.Others[bestTarget].Node;
            plan.Move(in snapshot.Jobs[bestJob], to, Moves.With(snapshot.Jobs[bestJob].Id, to, bestThere, bestHere, _settings.Factor, cost.Scale));
        }

        return false;
    }

    private static bool IsWorth(in Snapshot snapshot, in JobInfo job, in LoadEntry target)
    {
        double here = CpuShare.Slowdown(in snapshot.Self, snapshot.State.ReadyNow);
        double there = CpuShare.Slowdown(in target, target.Ready + 1);

        // Overcommitted memory slows down by far more than CPU shares tell: then a move always pays.
        bool overcommitted = snapshot.State.TotalMemoryBytes > 0 && snapshot.State.FreeMemoryBytes <= 0;
        return overcommitted || LifetimeRule.IsWorth(job.CpuSeconds, snapshot.Costs.Seconds(in job), here, there);
    }

    private OpportunityCost Scale(in Snapshot snapshot)
    {
        double nodes = Math.Max(2, snapshot.Roster.Count);
        if (_settings.MaximumLoad > 0)
            return new OpportunityCost(nodes, _settings.MaximumLoad);
        _largest = Math.Max(_largest, snapshot.State.ReadyNow / snapshot.Self.Capacity);
        foreach (ref readonly LoadEntry entry in snapshot.Others)
            _largest = Math.Max(_largest, OpportunityCost.LoadOf(in entry));
        return new OpportunityCost(nodes, OpportunityCost.ScaleFor(_largest));
    }

    private int Best(in Snapshot snapshot, OpportunityCost cost, in JobInfo job, out double marginal)
    {
        int best = -1;
        marginal = double.PositiveInfinity;
        for (int i = 0; i < snapshot.Others.Length; i++)
        {
            ref readonly LoadEntry entry = ref snapshot.Others[i];
            if (!Targets.Takes(in snapshot, in entry, in job, _settings.MaxAgeSeconds))
                continue;
            double there = cost.Marginal(
                OpportunityCost.LoadOf(in entry), OpportunityCost.MemoryShareOf(in entry), 1 / entry.Capacity, Share(in entry, in job));
            if (there < marginal)
                (best, marginal) = (i, there);
        }

        return best;
    }

    // Above 1 when overcommitted, which the entry cannot tell.
    private static double OwnMemoryShare(in Snapshot snapshot) =>
        snapshot.State.TotalMemoryBytes == 0 ? 0 : 1 - (double)snapshot.State.FreeMemoryBytes / snapshot.State.TotalMemoryBytes;

    private static double Share(in LoadEntry entry, in JobInfo job) =>
        entry.TotalMemoryMiB == 0 ? 0 : (double)job.ResidentBytes / entry.TotalMemoryBytes;

    public sealed record Settings(bool Reassign, double Factor, bool Guard, double MinSecondsHere, double MaxAgeSeconds, double MaximumLoad = 0);
}
