using Isobar.Balancing.Load;

namespace Isobar.Balancing.Consideration.Owners;

/// <summary>
/// Condor's owner policy, the old UWCS default [systems.md S2.3, A8: condor_config.generic]: a machine starts guests after 15 min without input at a load
/// of at most 0.3; an owner's return suspends them at once; they run on after 5 min of quiet, or are vacated (checkpoint) after 10 min suspended, or
/// killed after 10 min of vacating. Every 3 h a checkpoint.
/// </summary>
public sealed partial class CondorRule : ConsiderationRule
{
    private readonly Settings _settings;
    private Instant _busySince = Instant.Never;

    public CondorRule(Settings settings) => _settings = settings;

    public override string Name => "condor";

    public override bool Consider(in Snapshot snapshot, Trigger trigger, ref RandomSource random, Plan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        TrackLoad(in snapshot);
        foreach (ref readonly JobInfo job in snapshot.Jobs)
        {
            if (!job.IsGuest || job.Has(JobFlags.Moving) || plan.Concerns(job.Id))
                continue;
            if (job.Has(JobFlags.Vacating))
                WhileVacating(in snapshot, in job, plan);
            else if (job.Has(JobFlags.Suspended))
                WhileSuspended(in snapshot, in job, plan);
            else if (!job.Has(JobFlags.Frozen))
                WhileBusy(in snapshot, in job, plan);
        }

        return false;
    }

    public override NodeFlags Advertise(in Snapshot snapshot)
    {
        NodeFlags owner = IsKeyboardBusy(in snapshot) ? NodeFlags.OwnerPresent : NodeFlags.None;
        return Starts(in snapshot) ? owner : owner | NodeFlags.Blocked;
    }

    public override bool TryJudge(in Snapshot snapshot, in JobOffer offer, out Acceptance acceptance)
    {
        acceptance = default;
        bool own = offer.Job.Home == snapshot.Self.Node;
        if (own || Starts(in snapshot))
            return false;
        Reason reason = NotIdle.With(
            offer.Job.Id, snapshot.Self.Node, snapshot.State.OwnerIdleSeconds, _settings.StartIdleSeconds, snapshot.State.OwnerLoad, _settings.BackgroundLoad);
        acceptance = new(false, false, reason);
        return true;
    }

    public override bool TryPlace(in Snapshot snapshot, in JobInfo job, ref RandomSource random, out Placement placement)
    {
        // Rank: unclaimed before claimed, then speed; the ranks of jobs and machines are expressions of users in Condor.
        int best = -1;
        for (int i = 0; i < snapshot.Others.Length; i++)
        {
            ref readonly LoadEntry entry = ref snapshot.Others[i];
            bool free = Targets.Takes(in snapshot, in entry, in job, _settings.MaxAgeSeconds)
                && entry.Guests < entry.Cores && Targets.HasRoom(in entry, job.ResidentBytes);
            if (free && (best < 0 || Ranks(in entry, in snapshot.Others[best])))
                best = i;
        }

        placement = default;
        if (best < 0)
            return false;
        ref readonly LoadEntry chosen = ref snapshot.Others[best];
        placement = new(chosen.Node, NodeId.None, Matched.With(job.Id, chosen.Node, chosen.Speed, chosen.Guests, chosen.OwnerIdleSeconds));
        return true;
    }

    private static bool Ranks(in LoadEntry entry, in LoadEntry best)
    {
        bool unclaimed = entry.Guests == 0;
        bool bestUnclaimed = best.Guests == 0;
        return unclaimed != bestUnclaimed ? unclaimed : entry.Speed > best.Speed;
    }

    private void WhileBusy(in Snapshot snapshot, in JobInfo job, Plan plan)
    {
        double running = job.SecondsHere(snapshot.Now);
        bool cpuBusy = _busySince != Instant.Never && snapshot.Now - _busySince > _settings.CpuBusySeconds;
        bool suspend = IsKeyboardBusy(in snapshot) || (cpuBusy && running > _settings.ActivationSeconds);
        if (suspend)
        {
            bool wants = !job.Has(JobFlags.NeverSuspend)
                && (job.ResidentBytes < _settings.SmallJobBytes || !IsKeyboardBusy(in snapshot) || _settings.Vanilla);
            if (wants)
                plan.Act(ActionKind.Suspend, in job, OwnerBack.With(job.Id, job.Node, snapshot.State.OwnerIdleSeconds, snapshot.State.OwnerLoad));
            else
                Preempt(in snapshot, in job, plan);
            return;
        }

        bool due = !job.Has(JobFlags.NoCheckpoint) && snapshot.Now - job.LastCheckpoint > _settings.CheckpointSeconds;
        if (due)
            plan.Act(ActionKind.Checkpoint, in job, Periodic.With(job.Id, job.Node, snapshot.Now - job.LastCheckpoint, _settings.CheckpointSeconds));
    }

    private void WhileSuspended(in Snapshot snapshot, in JobInfo job, Plan plan)
    {
        double suspended = snapshot.Now - job.StateSince;
        bool quiet = snapshot.State.OwnerLoad <= _settings.BackgroundLoad && suspended > _settings.MinSuspendedSeconds
            && snapshot.State.OwnerIdleSeconds > _settings.ContinueIdleSeconds;
        if (quiet)
            plan.Act(ActionKind.Resume, in job, Quiet.With(job.Id, job.Node, snapshot.State.OwnerIdleSeconds, snapshot.State.OwnerLoad));
        else if (suspended > _settings.MaxSuspendSeconds)
            Preempt(in snapshot, in job, plan);
    }

    private void WhileVacating(in Snapshot snapshot, in JobInfo job, Plan plan)
    {
        double vacating = snapshot.Now - job.StateSince;
        if (vacating > _settings.MaxVacateSeconds)
            plan.Act(ActionKind.Kill, in job, OutOfTime.With(job.Id, job.Node, vacating, _settings.MaxVacateSeconds));
    }

    private void Preempt(in Snapshot snapshot, in JobInfo job, Plan plan)
    {
        double running = job.SecondsHere(snapshot.Now);
        bool wantsVacate = running > _settings.WantVacateSeconds || _settings.Vanilla;
        plan.Act(wantsVacate ? ActionKind.Vacate : ActionKind.Kill, in job, MustGo.With(job.Id, job.Node, running, snapshot.State.OwnerIdleSeconds));
    }

    private void TrackLoad(in Snapshot snapshot)
    {
        if (snapshot.State.OwnerLoad < _settings.HighLoad)
            _busySince = Instant.Never;
        else if (_busySince == Instant.Never)
            _busySince = snapshot.Now;
    }

    private bool IsKeyboardBusy(in Snapshot snapshot) => snapshot.State.OwnerIdleSeconds < _settings.KeyboardBusySeconds;

    // START = KeyboardIdle > 15 min && (CPUIdle || state is neither Unclaimed nor Owner).
    private bool Starts(in Snapshot snapshot) =>
        snapshot.State.OwnerIdleSeconds > _settings.StartIdleSeconds
        && (snapshot.State.OwnerLoad <= _settings.BackgroundLoad || snapshot.Self.Guests > 0);
}
