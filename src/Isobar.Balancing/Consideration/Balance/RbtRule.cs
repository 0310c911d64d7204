using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Consideration.Balance;

/// <summary>
/// Kerrighed's "Arrosoir" (watering can) of Perotin and Lissy [systems.md A6b, rbt_policy.c, mattload_probe.c]: all tasks are poured one by one into
/// the nodes where the level is lowest; who stands above his ideal level gives away his smallest jobs, round a ring of nodes below theirs.
/// </summary>
public sealed class RbtRule : ConsiderationRule
{
    private static readonly ReasonForm Moves = new(
        "rbt", "{job} moves to {node}: its level is {a} of an ideal {b}, here it is {c} of an ideal {d}", "there there-ideal here here-ideal");

    private static readonly ReasonForm Level = new("rbt", "nothing moves: the level is {a}, ideal is {b}, one task is {c}", "here here-ideal task");

    private readonly Settings _settings;
    private double[] _ideal = [];
    private double[] _level = [];
    private int _ring;

    public RbtRule(Settings settings) => _settings = settings;

    public static Policy<RuleFactory> Policy { get; } = new(
        "rbt",
        "Kerrighed's watering can: every node towards its ideal level, smallest memory first",
        "Kerrighed rbt_policy (Perotin, Lissy 2008)",
        [
            PolicyParameter.Number("userWeight", 1, 0, 100, "How much each logged-in user adds to the weight of a task (K = 1)"),
            PolicyParameter.Number("difference", 1, 0, 1000, "Tasks above the ideal before anything moves (rbt_load_diff, default unknown)"),
            PolicyParameter.Number("maxAgeSeconds", 30, 0, 1e6, "Older news is not used; ours"),
        ],
        values =>
        {
            var settings = new Settings(values["userWeight"], values["difference"], values["maxAgeSeconds"]);
            return _ => new RbtRule(settings);
        });

    public override string Name => "rbt";

    /// <summary>What one task adds to the level of a node: (1 + K * users) / (speed * cpus).</summary>
    public static double TaskLevel(in LoadEntry entry, double userWeight) => (1 + userWeight * entry.Users) / entry.Capacity;

    public override bool Consider(in Snapshot snapshot, Trigger trigger, ref RandomSource random, Plan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        Pour(in snapshot);
        double task = TaskLevel(in snapshot.Self, _settings.UserWeight);
        double excess = _level[0] - _ideal[0];
        if (excess < _settings.Difference * task)
        {
            plan.Stay(Level.With(default, snapshot.Self.Node, _level[0], _ideal[0], task));
            return false;
        }

        // A hair is added since the levels are sums of fractions.
        int moves = (int)Math.Floor(excess / task + 1e-9);
        for (int i = 0; i < moves; i++)
        {
            int job = Smallest(in snapshot, plan);
            int target = job < 0 ? -1 : NextBelow(in snapshot, in snapshot.Jobs[job]);
            if (target < 0)
                break;
            ref readonly LoadEntry to = ref snapshot.Others[target];
            plan.Move(
                in snapshot.Jobs[job],
                to.Node,
                Moves.With(snapshot.Jobs[job].Id, to.Node, _level[target + 1], _ideal[target + 1], _level[0], _ideal[0]));
            _level[target + 1] += TaskLevel(in to, _settings.UserWeight);
            _level[0] -= task;
        }

        return false;
    }

    // Place 0 is this node, place i + 1 the i-th other.
    private void Pour(in Snapshot snapshot)
    {
        int count = snapshot.Others.Length + 1;
        if (_ideal.Length < count)
        {
            _ideal = new double[count];
            _level = new double[count];
        }

        int total = 0;
        for (int i = 0; i < count; i++)
        {
            ref readonly LoadEntry entry = ref i == 0 ? ref snapshot.Self : ref snapshot.Others[i - 1];
            _ideal[i] = 0;
            int tasks = IsUsable(in snapshot, i) ? (int)Math.Round(i == 0 ? snapshot.State.ReadyNow : entry.Ready) : 0;
            _level[i] = tasks * TaskLevel(in entry, _settings.UserWeight);
            total += tasks;
        }

        for (int k = 0; k < total; k++)
        {
            int lowest = 0;
            double lowestLevel = double.PositiveInfinity;
            for (int i = 0; i < count; i++)
            {
                ref readonly LoadEntry entry = ref i == 0 ? ref snapshot.Self : ref snapshot.Others[i - 1];
                double after = _ideal[i] + TaskLevel(in entry, _settings.UserWeight);
                if (after < lowestLevel && IsUsable(in snapshot, i))
                    (lowest, lowestLevel) = (i, after);
            }

            _ideal[lowest] = lowestLevel;
        }
    }

    private bool IsUsable(in Snapshot snapshot, int place) =>
        place == 0 || Targets.IsOpen(in snapshot.Others[place - 1], snapshot.Now, _settings.MaxAgeSeconds);

    private static int Smallest(in Snapshot snapshot, Plan plan)
    {
        int best = -1;
        for (int i = 0; i < snapshot.Jobs.Length; i++)
        {
            ref readonly JobInfo job = ref snapshot.Jobs[i];
            bool smaller = best < 0 || job.ResidentBytes < snapshot.Jobs[best].ResidentBytes;
            if (smaller && job.IsMovable && !plan.Concerns(job.Id))
                best = i;
        }

        return best;
    }

    private int NextBelow(in Snapshot snapshot, in JobInfo job)
    {
        int count = snapshot.Others.Length;
        for (int step = 0; step < count; step++)
        {
            int i = (_ring + step) % count;
            bool below = _level[i + 1] < _ideal[i + 1] - 1e-9;
            ref readonly LoadEntry entry = ref snapshot.Others[i];
            if (!below || !Targets.Takes(in snapshot, in entry, in job, _settings.MaxAgeSeconds) || !Targets.HasRoom(in entry, job.ResidentBytes))
                continue;
            _ring = (i + 1) % count;
            return i;
        }

        return -1;
    }

    public sealed record Settings(double UserWeight, double Difference, double MaxAgeSeconds);
}
