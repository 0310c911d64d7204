using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Consideration.Balance;

/// <summary>
/// Kerrighed's default "legacy" scheduler [systems.md S20.3, A6, krg_legacy_scheduler and mosix_load_balancer.c]: when the local mean load is at
/// least 1.5 processes and the last move is 2 s ago, the job with the second-highest load goes to the node with the least
/// upper + 130 % of one process, if that is below the local load.
/// </summary>
public sealed class KerrighedRule : ConsiderationRule
{
    private static readonly ReasonForm Moves = new(
        "kerrighed",
        "{job} moves to {node}: {a} with {d} of a process added there, {b} here; the alarm is at {c}",
        "there here alarm fictive");

    private static readonly ReasonForm Calm = new("kerrighed", "nothing moves: the local load {a} is below the alarm at {b}", "here alarm");

    private static readonly ReasonForm TooSoon = new("kerrighed", "nothing moves: the last move started {a} s ago, {b} s must pass", "since spacing");

    private readonly Settings _settings;

    public KerrighedRule(Settings settings) => _settings = settings;

    public static Policy<RuleFactory> Policy { get; } = new(
        "kerrighed",
        "Kerrighed's legacy scheduler: alarm at 1.5 processes, one move each 2 s",
        "Kerrighed krg_legacy_scheduler",
        [
            PolicyParameter.Number("alarm", 1.5, 0, 1000, "Local load in processes from which it considers (threshold_filter)"),
            PolicyParameter.Number("spacingSeconds", 2, 0, 86400, "Seconds since the last move started (freq_limit_filter)"),
            PolicyParameter.Number("stabilityPercent", 130, 0, 10000, "Fictive load added at a target, in per cent of one process (stab_factor)"),
            PolicyParameter.Switch("noneInProgress", false, "Also require that no move is under way; the filter can, the script does not wire it"),
            PolicyParameter.Number("maxAgeSeconds", 10, 0, 1e6, "Older cache entries are not used; ours"),
        ],
        values =>
        {
            var settings = new Settings(
                values["alarm"], values["spacingSeconds"], values["stabilityPercent"] / 100, values.On("noneInProgress"), values["maxAgeSeconds"]);
            return _ => new KerrighedRule(settings);
        });

    public override string Name => "kerrighed";

    public override bool Consider(in Snapshot snapshot, Trigger trigger, ref RandomSource random, Plan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        double here = snapshot.State.LocalLoad;
        double alarm = _settings.Alarm * snapshot.OneProcessOn(in snapshot.Self);
        if (here < alarm)
        {
            plan.Stay(Calm.With(default, snapshot.Self.Node, here, alarm));
            return false;
        }

        double since = snapshot.Now - snapshot.State.LastMoveStarted;
        if (since < _settings.SpacingSeconds || (_settings.NoneInProgress && snapshot.State.MovesInProgress > 0))
        {
            plan.Stay(TooSoon.With(default, snapshot.Self.Node, since, _settings.SpacingSeconds));
            return false;
        }

        int chosen = JobChoice.SecondHighest(in snapshot, plan, 0);
        if (chosen < 0)
            return false;
        NodeId target = NodeId.None;
        double least = double.PositiveInfinity;
        foreach (ref readonly LoadEntry entry in snapshot.Others)
        {
            double load = entry.Load + _settings.Stability * snapshot.OneProcessOn(in entry);
            if (load < least && Targets.Takes(in snapshot, in entry, in snapshot.Jobs[chosen], _settings.MaxAgeSeconds))
                (target, least) = (entry.Node, load);
        }

        if (least < here)
            plan.Move(in snapshot.Jobs[chosen], target, Moves.With(snapshot.Jobs[chosen].Id, target, least, here, alarm, _settings.Stability));
        return false;
    }

    public sealed record Settings(double Alarm, double SpacingSeconds, double Stability, bool NoneInProgress, double MaxAgeSeconds);
}
