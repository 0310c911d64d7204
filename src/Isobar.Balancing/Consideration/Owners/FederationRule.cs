using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Consideration.Owners;

/// <summary>
/// Sites that help each other, owners first (flocking, MOSIX2's multi-cluster, the review's grid): a job starts on a free core of its own site, else on one of
/// another site that keeps some for itself; when an own job finds no free core, a guest of another site leaves. The sites are the groups of the roster. The
/// systems give no constants: <c>reserve</c> is ours.
/// </summary>
public sealed class FederationRule : ConsiderationRule
{
    private static readonly ReasonForm OwnSite = new("federation", "{job} starts on {node} of its own site: {a} cores are free there", "free");
    private static readonly ReasonForm OtherSite = new("federation", "{job} starts on {node} of another site: {a} cores are free there, none at home", "free");
    private static readonly ReasonForm Refuses = new("federation", "{node} refuses {job} of another site: {a} cores are free, {b} are kept", "free kept");

    private static readonly ReasonForm Leaves = new(
        "federation", "{job} of another site moves to {node}: jobs of this site run here and {a} tasks share {b} cores", "tasks cores");

    private static readonly ReasonForm Freezes = new(
        "federation", "{job} of another site is frozen: jobs of this site run here, {a} tasks share {b} cores, and it can go nowhere", "tasks cores");

    private static readonly ReasonForm Thaws = new(
        "federation", "{job} of another site is thawed: {a} tasks of this site and others share {b} cores of {node}", "tasks cores");

    private readonly Settings _settings;

    public FederationRule(Settings settings) => _settings = settings;

    public static Policy<RuleFactory> Policy { get; } = new(
        "federation",
        "Free cores of other sites, and owners first",
        "Condor flocking; MOSIX2 multi-cluster; LCG",
        [
            PolicyParameter.Number("reserve", 0, 0, 1e6, "Free cores per machine that are kept for the own site; ours"),
            PolicyParameter.Number("ownerLoad", 0.05, 0, 1000, "Load outside of jobs above which the site itself has work; ours: a machine at rest is never quite at 0"),
            PolicyParameter.Number("maxAgeSeconds", 60, 0, 1e6, "Older news is not used; ours"),
        ],
        values =>
        {
            var settings = new Settings(values["reserve"], values["ownerLoad"], values["maxAgeSeconds"]);
            return _ => new FederationRule(settings);
        });

    public override string Name => "federation";

    public override bool TryPlace(in Snapshot snapshot, in JobInfo job, ref RandomSource random, out Placement placement)
    {
        int site = snapshot.Roster.GroupOf(job.Home);
        double here = snapshot.Self.Cores - snapshot.State.ReadyNow;
        NodeId own = here > 0 ? snapshot.Self.Node : NodeId.None;
        double ownFree = here;
        NodeId other = NodeId.None;
        double otherFree = _settings.Reserve;
        foreach (ref readonly LoadEntry entry in snapshot.Others)
        {
            double free = entry.Cores - entry.Ready;
            if (free <= 0 || !Targets.Takes(in snapshot, in entry, in job, _settings.MaxAgeSeconds) || !Targets.HasRoom(in entry, job.ResidentBytes))
                continue;
            bool same = snapshot.Roster.GroupOf(entry.Node) == site;
            if (same && (own.IsNone || free > ownFree))
                (own, ownFree) = (entry.Node, free);
            else if (!same && free > otherFree)
                (other, otherFree) = (entry.Node, free);
        }

        placement = default;
        if (!own.IsNone)
            placement = new(own, other, OwnSite.With(job.Id, own, ownFree));
        else if (!other.IsNone)
            placement = new(other, NodeId.None, OtherSite.With(job.Id, other, otherFree));
        return !placement.Reason.Equals(default);
    }

    public override bool TryJudge(in Snapshot snapshot, in JobOffer offer, out Acceptance acceptance)
    {
        acceptance = default;
        double free = snapshot.Self.Cores - snapshot.State.ReadyNow - snapshot.State.ArrivalsInProgress;
        bool refused = !IsOwn(in snapshot, offer.Job.Home) && free - _settings.Reserve < 1;
        if (!refused)
            return false;
        acceptance = new(false, false, Refuses.With(offer.Job.Id, snapshot.Self.Node, free, _settings.Reserve));
        return true;
    }

    public override bool Consider(in Snapshot snapshot, Trigger trigger, ref RandomSource random, Plan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        double tasks = snapshot.State.ReadyNow;
        double over = tasks - snapshot.Self.Cores;
        bool any = ReleaseFrozen(in snapshot, plan);
        if (over <= 0 || !HasOwnWork(in snapshot))
            return any;

        // Who came last has lost least.
        while (over > 0)
        {
            int guest = LatestGuest(in snapshot, plan);
            if (guest < 0)
                break;
            ref readonly JobInfo job = ref snapshot.Jobs[guest];
            int target = job.CanLeave ? FreeNode(in snapshot, in job) : -1;
            if (target >= 0)
                plan.Move(in job, snapshot.Others[target].Node, job.Home, Leaves.With(job.Id, snapshot.Others[target].Node, tasks, snapshot.Self.Cores));
            else
                plan.Act(ActionKind.Freeze, in job, Freezes.With(job.Id, job.Node, tasks, snapshot.Self.Cores));
            over -= Math.Max(1, job.Tasks);
            any = true;
        }

        return any;
    }

    private static bool IsOwn(in Snapshot snapshot, NodeId home) =>
        snapshot.Roster.GroupOf(home) == snapshot.Roster.GroupOf(snapshot.Self.Node);

    private bool HasOwnWork(in Snapshot snapshot)
    {
        foreach (ref readonly JobInfo job in snapshot.Jobs)
        {
            if (job.IsRunning && IsOwn(in snapshot, job.Home))
                return true;
        }

        return snapshot.State.OwnerLoad > _settings.OwnerLoad;
    }

    // Frozen where it could go nowhere: it leaves when a core gets free elsewhere, or goes on when one gets free here.
    private bool ReleaseFrozen(in Snapshot snapshot, Plan plan)
    {
        bool any = false;
        double free = HasOwnWork(in snapshot) ? snapshot.Self.Cores - snapshot.State.ReadyNow : double.PositiveInfinity;
        foreach (ref readonly JobInfo job in snapshot.Jobs)
        {
            if (!job.Has(JobFlags.Frozen) || job.Has(JobFlags.Moving) || IsOwn(in snapshot, job.Home) || plan.Concerns(job.Id))
                continue;
            double needs = Targets.Tasks(in job);
            int target = job.CanLeave && free < needs ? FreeNode(in snapshot, in job) : -1;
            if (target >= 0)
                plan.Move(in job, snapshot.Others[target].Node, job.Home, Leaves.With(job.Id, snapshot.Others[target].Node, snapshot.State.ReadyNow, snapshot.Self.Cores));
            else if (free >= needs)
                plan.Act(ActionKind.Thaw, in job, Thaws.With(job.Id, job.Node, snapshot.State.ReadyNow, snapshot.Self.Cores));
            else
                continue;
            free -= needs;
            any = true;
        }

        return any;
    }

    private static int LatestGuest(in Snapshot snapshot, Plan plan)
    {
        int latest = -1;
        for (int i = 0; i < snapshot.Jobs.Length; i++)
        {
            ref readonly JobInfo job = ref snapshot.Jobs[i];
            bool candidate = job.IsRunning && !IsOwn(in snapshot, job.Home) && !plan.Concerns(job.Id);
            if (candidate && (latest < 0 || job.ArrivedHere > snapshot.Jobs[latest].ArrivedHere))
                latest = i;
        }

        return latest;
    }

    private int FreeNode(in Snapshot snapshot, in JobInfo job)
    {
        int best = -1;
        for (int i = 0; i < snapshot.Others.Length; i++)
        {
            ref readonly LoadEntry entry = ref snapshot.Others[i];
            bool home = snapshot.Roster.GroupOf(entry.Node) == snapshot.Roster.GroupOf(job.Home);
            double free = entry.Cores - entry.Ready - (home ? 0 : _settings.Reserve);
            bool open = free >= 1 && Targets.Takes(in snapshot, in entry, in job, _settings.MaxAgeSeconds) && Targets.HasRoom(in entry, job.ResidentBytes);
            if (open && (best < 0 || entry.Cores - entry.Ready > snapshot.Others[best].Cores - snapshot.Others[best].Ready))
                best = i;
        }

        return best;
    }

    public sealed record Settings(double Reserve, double OwnerLoad, double MaxAgeSeconds);
}
