using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Consideration.Balance;

/// <summary>
/// openMosix and its family: each second, if the best node with one fictive process more is still better than this one by the stability margin, one job
/// goes there [systems.md A3: a reconstruction, no 2.4 source was found; the margin of 0.3 process is Kerrighed's stab_factor 130 %].
/// The job must be worth its move by the lifetime criterion (guard, A5).
/// </summary>
public sealed class ThresholdRule : ConsiderationRule
{
    private static readonly ReasonForm Moves = new(
        "threshold",
        "{job} moves to {node}: with one process more its load would be {a}, here it is {b}, more than the margin of {c} apart",
        "there here margin");

    private static readonly ReasonForm Balanced = new(
        "threshold", "nothing moves: the best node {node} would have load {a} with one process more, here it is {b}, the margin is {c}", "there here margin");

    private static readonly ReasonForm NotWorth = new(
        "threshold", "{job} stays: a move to {node} gains {a} s over its expected remaining time and costs {b} s", "gain cost");

    private readonly Settings _settings;

    public ThresholdRule(Settings settings) => _settings = settings;

    public static Policy<RuleFactory> Policy { get; } = new(
        "threshold",
        "Moves a job when the best node is better by a margin (openMosix, OpenSSI)",
        "openMosix (reconstructed), OpenSSI",
        [
            PolicyParameter.Number("stability", 0.3, 0, 100, "Margin in processes: Kerrighed's stab_factor 130 % less the fictive process; openMosix' own unknown"),
            PolicyParameter.Number("minSecondsHere", 1, 0, 86400, "Seconds that a job must have been here; a minimum exists in MOSIX, its value is unknown"),
            PolicyParameter.Number("minCpuSeconds", 0, 0, 1e6, "CPU seconds that it must have used in all (OpenSSI: 'has acquired an amount of run time', unknown)"),
            PolicyParameter.Switch("highest", false, "Choose the job with the highest load (OpenSSI) instead of the second-highest"),
            PolicyParameter.Switch("guard", true, "Require gain = load * (here - there) * age > cost (A5)"),
            PolicyParameter.Number("forkWeight", 0, 0, 100, "How much each child that a job forked adds to its load in the choice (MOSIX prefers forking histories, amount unknown); needs highest"),
            PolicyParameter.Number("maxAgeSeconds", 30, 0, 1e6, "Older news is not used; unknown"),
        ],
        values =>
        {
            var settings = new Settings(
                values["stability"],
                values["minSecondsHere"],
                values["minCpuSeconds"],
                values.On("highest"),
                values.On("guard"),
                values["forkWeight"],
                values["maxAgeSeconds"]);
            return _ => new ThresholdRule(settings);
        });

    public override string Name => "threshold";

    public override bool Consider(in Snapshot snapshot, Trigger trigger, ref RandomSource random, Plan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        if (snapshot.Self.Has(NodeFlags.Quiet))
            return false;
        int best = Best(in snapshot, out double there);
        if (best < 0)
            return false;
        ref readonly LoadEntry target = ref snapshot.Others[best];
        double here = snapshot.State.LocalLoad;
        double margin = _settings.Stability * snapshot.OneProcessOn(in target);
        if (there + margin >= here)
        {
            plan.Stay(Balanced.With(default, target.Node, there, here, margin));
            return false;
        }

        int chosen = Choose(in snapshot, plan);
        if (chosen < 0)
            return false;
        ref readonly JobInfo job = ref snapshot.Jobs[chosen];
        double gain = job.Load * (here - there) * job.CpuSeconds;
        double cost = snapshot.Costs.Seconds(in job);
        bool worth = !_settings.Guard || gain > cost;
        worth &= Targets.Takes(in snapshot, in target, in job, _settings.MaxAgeSeconds);
        if (worth && Targets.HasRoom(in target, job.ResidentBytes))
            plan.Move(in job, target.Node, Moves.With(job.Id, target.Node, there, here, margin));
        else
            plan.Stay(NotWorth.With(job.Id, target.Node, gain, cost));
        return false;
    }

    private int Best(in Snapshot snapshot, out double load)
    {
        int best = -1;
        load = double.PositiveInfinity;
        for (int i = 0; i < snapshot.Others.Length; i++)
        {
            ref readonly LoadEntry entry = ref snapshot.Others[i];
            double with = entry.Load + snapshot.OneProcessOn(in entry);
            if (with < load && Targets.IsOpen(in entry, snapshot.Now, _settings.MaxAgeSeconds))
                (best, load) = (i, with);
        }

        return best;
    }

    private int Choose(in Snapshot snapshot, Plan plan)
    {
        if (!_settings.Highest)
            return JobChoice.SecondHighest(in snapshot, plan, _settings.MinSecondsHere);
        if (_settings.ForkWeight <= 0)
            return JobChoice.Highest(in snapshot, plan, _settings.MinSecondsHere, _settings.MinCpuSeconds);
        int best = -1;
        double bestScore = double.NegativeInfinity;
        for (int i = 0; i < snapshot.Jobs.Length; i++)
        {
            ref readonly JobInfo job = ref snapshot.Jobs[i];
            double score = job.Load + _settings.ForkWeight * job.Forks;
            bool candidate = JobChoice.IsCandidate(in snapshot, in job, plan, _settings.MinSecondsHere) && job.CpuSeconds >= _settings.MinCpuSeconds;
            if (candidate && score > bestScore)
                (best, bestScore) = (i, score);
        }

        return best;
    }

    public sealed record Settings(
        double Stability, double MinSecondsHere, double MinCpuSeconds, bool Highest, bool Guard, double ForkWeight, double MaxAgeSeconds);
}
