using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Consideration.Balance;

/// <summary>
/// A node that leaves gives away everything that can go: guests and, if wanted, its own jobs, each to the least loaded node, else to the first of the roster
/// (Kerrighed's node removal [systems.md A6]; openMosix "expel"). What it gave to one node counts there for the next.
/// </summary>
public sealed class EvacuateRule : ConsiderationRule
{
    private static readonly ReasonForm Leaves = new("evacuate", "{job} moves to {node} (load {a}): this node is emptied", "there");

    private static readonly ReasonForm LeavesBlindly = new("evacuate", "{job} moves to {node}, of which no load is known: this node is emptied");

    private static readonly ReasonForm Refuses = new("evacuate", "{node} refuses {job}: it is being emptied");

    private readonly Settings _settings;
    private double[] _loads = [];

    public EvacuateRule(Settings settings) => _settings = settings;

    public static Policy<RuleFactory> Policy { get; } = new(
        "evacuate",
        "Empties a node that leaves",
        "Kerrighed node removal; openMosix expel",
        [PolicyParameter.Switch("ownJobsToo", true, "Jobs whose home is here go too, where that is possible")],
        values =>
        {
            var settings = new Settings(values.On("ownJobsToo"));
            return _ => new EvacuateRule(settings);
        });

    public override string Name => "evacuate";

    public override NodeFlags Advertise(in Snapshot snapshot) => snapshot.State.Leaving ? NodeFlags.Leaving : NodeFlags.None;

    public override bool TryJudge(in Snapshot snapshot, in JobOffer offer, out Acceptance acceptance)
    {
        acceptance = new(false, false, Refuses.With(offer.Job.Id, snapshot.Self.Node));
        return snapshot.State.Leaving;
    }

    public override bool Consider(in Snapshot snapshot, Trigger trigger, ref RandomSource random, Plan plan)
    {
        if (!snapshot.State.Leaving)
            return false;
        int count = snapshot.Others.Length;
        if (_loads.Length < count)
            _loads = new double[count];
        for (int i = 0; i < count; i++)
            _loads[i] = snapshot.Others[i].Load;
        foreach (ref readonly JobInfo job in snapshot.Jobs)
        {
            if (!job.CanLeave || plan.Concerns(job.Id) || (!job.IsGuest && !_settings.OwnJobsToo))
                continue;
            int target = Least(in snapshot, in job);
            NodeId to = target >= 0 ? snapshot.Others[target].Node : FirstOther(in snapshot, job.Id);
            if (to.IsNone)
                continue;
            plan.Move(in job, to, target >= 0 ? Leaves.With(job.Id, to, _loads[target]) : LeavesBlindly.With(job.Id, to));
            if (target >= 0)
                _loads[target] += snapshot.OneProcessOn(in snapshot.Others[target]);
        }

        return true;
    }

    private int Least(in Snapshot snapshot, in JobInfo job)
    {
        int best = -1;
        for (int i = 0; i < snapshot.Others.Length; i++)
        {
            ref readonly LoadEntry entry = ref snapshot.Others[i];
            bool open = Targets.Takes(in snapshot, in entry, in job, double.PositiveInfinity) && Targets.HasRoom(in entry, job.ResidentBytes);
            if (open && (best < 0 || _loads[i] < _loads[best]))
                best = i;
        }

        return best;
    }

    private static NodeId FirstOther(in Snapshot snapshot, JobId job)
    {
        for (int i = 0; i < snapshot.Roster.Count; i++)
        {
            NodeId node = snapshot.Roster[i];
            int known = Targets.Find(in snapshot, node);
            bool closed = known >= 0 && (snapshot.Others[known].Flags & (NodeFlags.Dead | NodeFlags.Leaving | NodeFlags.Blocked)) != 0;
            if (node != snapshot.Self.Node && !closed && snapshot.Limits?.Allows(job, node) != false)
                return node;
        }

        return NodeId.None;
    }

    public sealed record Settings(bool OwnJobsToo);
}
