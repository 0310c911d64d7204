using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Consideration.Owners;

/// <summary>
/// MOSIX2's priority classes: when local or more important work appears, less important guests go at once: to another node where nothing more important
/// runs, else home, else they are frozen [systems.md S23.3, A9: the rule by the MOSIX FAQ]. A node with more important work takes no
/// less important guest.
/// </summary>
public sealed class ReclaimRule : ConsiderationRule
{
    private static readonly ReasonForm Goes = new(
        "reclaim", "{job} (priority {a}) moves to {node}: work of priority {b} claims this node", "priority claim");

    private static readonly ReasonForm GoesHome = new(
        "reclaim", "{job} (priority {a}) moves to its home {node}: work of priority {b} claims this node and no other node may take it", "priority claim");

    private static readonly ReasonForm Freezes = new(
        "reclaim", "{job} (priority {a}) is frozen: work of priority {b} claims this node and it can go nowhere", "priority claim");

    private static readonly ReasonForm Thaws = new(
        "reclaim", "{job} (priority {a}) is thawed after {b} s: no more important work needs {node} now", "priority frozen");

    private static readonly ReasonForm Refuses = new(
        "reclaim", "{node} refuses {job} of priority {a}: work of priority {b} runs there", "priority claim");

    private readonly Settings _settings;

    public ReclaimRule(Settings settings) => _settings = settings;

    public static Policy<RuleFactory> Policy { get; } = new(
        "reclaim",
        "More important work pushes less important guests out at once",
        "MOSIX2 priorities",
        [
            PolicyParameter.Number("ownerLoad", 0.5, 0, 1000, "Load outside of jobs from which the owner claims; unknown, Condor's HighLoad"),
            PolicyParameter.Number("noInputSeconds", 0, 0, 86400, "Input within this time is a claim too; 0 = input does not count"),
            PolicyParameter.Switch("onlyWhenFull", false, "Claim only when no core is free; MOSIX2 claims always"),
            PolicyParameter.Switch("thaws", true, "What it froze runs on when nothing claims the node any more; off where the rule freeze thaws (MOSIX2)"),
            PolicyParameter.Number("minFrozenSeconds", 10, 0, 1e6, "Shortest freeze, so that jobs do not freeze and thaw in turn; ours"),
            PolicyParameter.Number("maxAgeSeconds", 30, 0, 1e6, "Older news is not used; ours"),
        ],
        values =>
        {
            var settings = new Settings(
                values["ownerLoad"], values["noInputSeconds"], values.On("onlyWhenFull"), values.On("thaws"), values["minFrozenSeconds"], values["maxAgeSeconds"]);

            // Without state of its own: all nodes of a simulation share one.
            var rule = new ReclaimRule(settings);
            return _ => rule;
        });

    public override string Name => "reclaim";

    public override bool Consider(in Snapshot snapshot, Trigger trigger, ref RandomSource random, Plan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        int claim = Claim(in snapshot);
        if (_settings.Thaws)
            Thaw(in snapshot, claim, plan);
        if (claim > byte.MaxValue || !Applies(in snapshot))
            return false;
        bool any = false;
        foreach (ref readonly JobInfo job in snapshot.Jobs)
        {
            bool weaker = job.IsGuest && job.Priority > claim && !job.Has(JobFlags.Frozen);
            if (!weaker || job.Has(JobFlags.Moving) || plan.Concerns(job.Id))
                continue;
            any = true;
            PushOut(in snapshot, in job, claim, plan);
        }

        return any;
    }

    public override bool TryJudge(in Snapshot snapshot, in JobOffer offer, out Acceptance acceptance)
    {
        acceptance = default;
        int claim = Claim(in snapshot);
        bool refused = offer.Job.Home != snapshot.Self.Node && offer.Job.Priority > claim && Applies(in snapshot);
        if (!refused)
            return false;
        acceptance = new(false, false, Refuses.With(offer.Job.Id, snapshot.Self.Node, offer.Job.Priority, claim));
        return true;
    }

    /// <summary>The priority of the most important work here; above 255 if there is none.</summary>
    private int Claim(in Snapshot snapshot)
    {
        bool owner = snapshot.State.OwnerLoad >= _settings.OwnerLoad
            || snapshot.State.OwnerIdleSeconds < _settings.NoInputSeconds;
        if (owner)
            return 0;
        int claim = byte.MaxValue + 1;
        foreach (ref readonly JobInfo job in snapshot.Jobs)
        {
            if (job.IsRunning)
                claim = Math.Min(claim, job.Priority);
        }

        return claim;
    }

    private bool Applies(in Snapshot snapshot) => !_settings.OnlyWhenFull || snapshot.State.ReadyNow > snapshot.Self.Cores;

    private void Thaw(in Snapshot snapshot, int claim, Plan plan)
    {
        double ready = snapshot.State.ReadyNow;
        foreach (ref readonly JobInfo job in snapshot.Jobs)
        {
            double frozen = snapshot.Now - job.StateSince;
            if (!job.Has(JobFlags.Frozen) || job.Has(JobFlags.Moving) || plan.Concerns(job.Id) || frozen < _settings.MinFrozenSeconds)
                continue;
            bool fits = _settings.OnlyWhenFull && ready + Targets.Tasks(in job) <= snapshot.Self.Cores;
            if (job.Priority > claim && !fits)
                continue;
            ready += Targets.Tasks(in job);
            plan.Act(ActionKind.Thaw, in job, Thaws.With(job.Id, job.Node, job.Priority, frozen));
        }
    }

    private void PushOut(in Snapshot snapshot, in JobInfo job, int claim, Plan plan)
    {
        if (job.CanLeave)
        {
            int best = -1;
            for (int i = 0; i < snapshot.Others.Length; i++)
            {
                ref readonly LoadEntry entry = ref snapshot.Others[i];
                bool allowed = Targets.Takes(in snapshot, in entry, in job, _settings.MaxAgeSeconds) && !entry.Has(NodeFlags.OwnerPresent)
                    && entry.Level <= byte.MaxValue - job.Priority && Targets.HasRoom(in entry, job.ResidentBytes);
                if (allowed && (best < 0 || entry.Load < snapshot.Others[best].Load))
                    best = i;
            }

            if (best >= 0)
            {
                NodeId target = snapshot.Others[best].Node;
                plan.Move(in job, target, job.Home, Goes.With(job.Id, target, job.Priority, claim));
                return;
            }

            int home = Targets.Find(in snapshot, job.Home);
            if (home >= 0 && !snapshot.Others[home].Has(NodeFlags.Dead))
            {
                plan.Move(in job, job.Home, GoesHome.With(job.Id, job.Home, job.Priority, claim));
                return;
            }
        }

        plan.Act(ActionKind.Freeze, in job, Freezes.With(job.Id, job.Node, job.Priority, claim));
    }

    public sealed record Settings(double OwnerLoad, double NoInputSeconds, bool OnlyWhenFull, bool Thaws, double MinFrozenSeconds, double MaxAgeSeconds);
}
