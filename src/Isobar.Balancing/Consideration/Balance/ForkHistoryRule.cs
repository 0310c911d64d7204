using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Consideration.Balance;

/// <summary>
/// MOSIX prefers to move processes with a history of forking: their children will be at the target too, so one move unloads this node for long
/// [review; systems.md S15.3, amounts unknown]. The job with the most forks goes when the best node is better by one process.
/// </summary>
public sealed class ForkHistoryRule : ConsiderationRule
{
    private static readonly ReasonForm Moves = new(
        "fork-history", "{job} moves to {node}: it forked {a} children, and load {b} there is more than {c} below load {d} here", "forks there margin here");

    private readonly Settings _settings;

    public ForkHistoryRule(Settings settings) => _settings = settings;

    public static Policy<RuleFactory> Policy { get; } = new(
        "fork-history",
        "Moves the job that forks most",
        "MOSIX (review)",
        [
            PolicyParameter.Whole("minForks", 3, 1, 1000000, "Children from which a job has a history; unknown"),
            PolicyParameter.Number("margin", 1, 0, 1000, "Difference of loads in processes; unknown"),
            PolicyParameter.Number("minSecondsHere", 1, 0, 86400, "Seconds that a job must have been here; unknown"),
            PolicyParameter.Number("maxAgeSeconds", 30, 0, 1e6, "Older news is not used; ours"),
        ],
        values =>
        {
            var settings = new Settings(values.Whole("minForks"), values["margin"], values["minSecondsHere"], values["maxAgeSeconds"]);
            return _ => new ForkHistoryRule(settings);
        });

    public override string Name => "fork-history";

    public override bool Consider(in Snapshot snapshot, Trigger trigger, ref RandomSource random, Plan plan)
    {
        int best = -1;
        for (int i = 0; i < snapshot.Jobs.Length; i++)
        {
            ref readonly JobInfo job = ref snapshot.Jobs[i];
            bool forks = job.Forks >= _settings.MinForks && (best < 0 || job.Forks > snapshot.Jobs[best].Forks);
            if (forks && JobChoice.IsCandidate(in snapshot, in job, plan, _settings.MinSecondsHere))
                best = i;
        }

        int target = best < 0 ? -1 : Targets.LeastLoaded(in snapshot, in snapshot.Jobs[best], _settings.MaxAgeSeconds);
        if (target < 0)
            return false;
        ref readonly LoadEntry entry = ref snapshot.Others[target];
        double margin = _settings.Margin * snapshot.OneProcessOn(in entry);
        if (entry.Load + margin >= snapshot.State.LocalLoad)
            return false;
        ref readonly JobInfo chosen = ref snapshot.Jobs[best];
        plan.Move(in chosen, entry.Node, Moves.With(chosen.Id, entry.Node, chosen.Forks, entry.Load, margin, snapshot.State.LocalLoad));
        return true;
    }

    public sealed record Settings(int MinForks, double Margin, double MinSecondsHere, double MaxAgeSeconds);
}
