using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Consideration.Owners;

/// <summary>
/// A machine's owner goes first, whatever the profile: while he is there, guests leave for the machine that serves them fastest (their home always takes them
/// back), or stand still until he has gone; none come. What can go nowhere stands still, too: an owner never waits for want of a target. What he sees as "there" is
/// the host's to say (<see cref="OwnerPresence"/>): here it is a number of seconds.
/// </summary>
public sealed class OwnerRule : ConsiderationRule
{
    private static readonly ReasonForm Leaves = new(
        "owner", "{job} moves to {node}: the owner of this machine was there {a} s ago (away for {b} s counts as gone)", "owner-seconds quiet");

    private static readonly ReasonForm GoesHome = new(
        "owner", "{job} moves to its home {node}: the owner of this machine was there {a} s ago (away for {b} s counts as gone)", "owner-seconds quiet");

    private static readonly ReasonForm StandsStill = new(
        "owner", "{job} is suspended: the owner of {node} was there {a} s ago (away for {b} s counts as gone)", "owner-seconds quiet");

    private static readonly ReasonForm NowhereToGo = new(
        "owner", "{job} is suspended: the owner of {node} was there {a} s ago, and no other machine takes it now", "owner-seconds");

    private static readonly ReasonForm Waits = new("owner", "{job} stays suspended: the owner of {node} was there {a} s ago", "owner-seconds");

    private static readonly ReasonForm GoesOn = new("owner", "{job} goes on: the owner of {node} is away for {a} s", "owner-seconds");

    private static readonly ReasonForm Refuses = new(
        "owner", "{node} refuses {job}: its owner was there {a} s ago (away for {b} s counts as gone)", "owner-seconds quiet");

    private readonly Settings _settings;
    private double[] _sent = [];

    public OwnerRule(Settings settings) => _settings = settings;

    public static Policy<RuleFactory> Policy { get; } = new(
        "owner",
        "While the owner is there, guests leave or stand still, and none come",
        "Sprite and Condor; the choice between them ours",
        [
            PolicyParameter.Number("quietSeconds", 300, 0, 1e6, "Away for so long, the owner is gone: Condor's ContinueIdleTime 5 min; 0 = no owner"),
            PolicyParameter.Switch("freeze", false, "Guests stand still instead of leaving"),
            PolicyParameter.Number("patienceSeconds", 0, 0, 1e6, "Suspended for so long, a guest leaves after all; 0 = never (Condor's MaxSuspendTime: 10 min)"),
            PolicyParameter.Switch("resumes", true, "Whatever is suspended goes on when no owner is there"),
            PolicyParameter.Number("maxAgeSeconds", 30, 0, 1e6, "Older news is not used; ours"),
        ],
        values =>
        {
            var settings = new Settings(
                values["quietSeconds"], values.On("freeze"), values["patienceSeconds"], values.On("resumes"), values["maxAgeSeconds"]);
            return _ => new OwnerRule(settings);
        });

    public override string Name => "owner";

    public override bool Consider(in Snapshot snapshot, Trigger trigger, ref RandomSource random, Plan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        bool present = IsPresent(in snapshot);
        if (_sent.Length < snapshot.Others.Length)
            _sent = new double[snapshot.Others.Length];
        Array.Clear(_sent);
        foreach (ref readonly JobInfo job in snapshot.Jobs)
        {
            if (job.Has(JobFlags.Moving) || plan.Concerns(job.Id))
                continue;
            if (present && job.IsGuest && !job.Has(JobFlags.Frozen))
                WhilePresent(in snapshot, in job, plan);
            else if (!present && _settings.Resumes && job.Has(JobFlags.Suspended))
                plan.Act(ActionKind.Resume, in job, GoesOn.With(job.Id, job.Node, snapshot.State.OwnerIdleSeconds));
        }

        return false;
    }

    public override NodeFlags Advertise(in Snapshot snapshot) =>
        IsPresent(in snapshot) ? NodeFlags.OwnerPresent | NodeFlags.Blocked : NodeFlags.None;

    public override bool TryJudge(in Snapshot snapshot, in JobOffer offer, out Acceptance acceptance)
    {
        acceptance = default;
        if (!IsPresent(in snapshot) || offer.Job.Home == snapshot.Self.Node)
            return false;
        acceptance = new(
            false, false, Refuses.With(offer.Job.Id, snapshot.Self.Node, snapshot.State.OwnerIdleSeconds, _settings.QuietSeconds));
        return true;
    }

    private void WhilePresent(in Snapshot snapshot, in JobInfo job, Plan plan)
    {
        double idle = snapshot.State.OwnerIdleSeconds;
        bool still = job.Has(JobFlags.Suspended) || job.Has(JobFlags.Stopped);
        bool outOfPatience = _settings.PatienceSeconds > 0 && job.Has(JobFlags.Suspended) && snapshot.Now - job.StateSince > _settings.PatienceSeconds;
        if (_settings.Freeze && !outOfPatience)
        {
            if (still || job.Has(JobFlags.NeverSuspend))
                plan.Stay(Waits.With(job.Id, job.Node, idle));
            else
                plan.Act(ActionKind.Suspend, in job, StandsStill.With(job.Id, job.Node, idle, _settings.QuietSeconds));
            return;
        }

        int target = job.CanLeave ? Best(in snapshot, in job) : -1;
        if (target >= 0)
        {
            NodeId to = snapshot.Others[target].Node;
            _sent[target] += Targets.Tasks(in job);
            // An owner does not wait in a queue.
            var reason = (to == job.Home ? GoesHome : Leaves).With(job.Id, to, idle, _settings.QuietSeconds);
            plan.Add(new PlannedAction(ActionKind.Move, job.Id, job.Node, to, to == job.Home ? NodeId.None : job.Home, reason) { StandsStillMeanwhile = !still });
        }
        else if (still || job.Has(JobFlags.NeverSuspend))
        {
            plan.Stay(Waits.With(job.Id, job.Node, idle));
        }
        else
        {
            plan.Act(ActionKind.Suspend, in job, NowhereToGo.With(job.Id, job.Node, idle));
        }
    }

    // Home takes its own back also when its own owner is there: they are his.
    private int Best(in Snapshot snapshot, in JobInfo job)
    {
        int best = -1;
        double least = double.PositiveInfinity;
        for (int i = 0; i < snapshot.Others.Length; i++)
        {
            ref readonly LoadEntry entry = ref snapshot.Others[i];
            bool open = Targets.Takes(in snapshot, in entry, in job, _settings.MaxAgeSeconds) && !entry.Has(NodeFlags.OwnerPresent);
            if ((!open && !TakesBack(in snapshot, in entry, in job)) || !Targets.HasRoom(in entry, job.ResidentBytes))
                continue;
            double there = Targets.Slowdown(in entry, entry.Ready + _sent[i] + Targets.Tasks(in job), in job, snapshot.Costs);
            if (there < least || (there <= least && entry.Node == job.Home))
                (best, least) = (i, there);
        }

        return best;
    }

    private bool TakesBack(in Snapshot snapshot, in LoadEntry entry, in JobInfo job) =>
        entry.Node == job.Home
        && (entry.Flags & (NodeFlags.Dead | NodeFlags.Leaving)) == 0
        && entry.Age(snapshot.Now) <= _settings.MaxAgeSeconds
        && (snapshot.Limits is null || snapshot.Limits.Allows(job.Id, entry.Node));

    private bool IsPresent(in Snapshot snapshot) => snapshot.State.OwnerIdleSeconds < _settings.QuietSeconds;

    public sealed record Settings(double QuietSeconds, bool Freeze, double PatienceSeconds, bool Resumes, double MaxAgeSeconds);
}
