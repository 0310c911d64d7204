using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Consideration.Placing;

/// <summary>
/// Process-table pressure: when the table is nearly full, new children are pushed away before anything else is looked at [review; systems.md S15.3],
/// and no guests are taken in.
/// </summary>
public sealed class ProcessTableRule : ConsiderationRule
{
    private static readonly ReasonForm Pushed = new(
        "process-table", "{job} starts on {node}: {a} of {b} process slots are in use here, more than {c} per cent", "used slots limit");

    private static readonly ReasonForm Refuses = new(
        "process-table", "{node} refuses {job}: {a} of its {b} process slots are in use, more than {c} per cent", "used slots limit");

    private readonly Settings _settings;

    public ProcessTableRule(Settings settings) => _settings = settings;

    public static Policy<RuleFactory> Policy { get; } = new(
        "process-table",
        "Nearly full process table: new jobs elsewhere",
        "MOSIX (review)",
        [
            PolicyParameter.Number("fullShare", 0.9, 0, 1, "Share of used process slots from which the table is nearly full; unknown"),
            PolicyParameter.Number("maxAgeSeconds", 30, 0, 1e6, "Older news is not used; ours"),
        ],
        values =>
        {
            var settings = new Settings(values["fullShare"], values["maxAgeSeconds"]);

            // Without state of its own: all nodes of a simulation share one.
            var rule = new ProcessTableRule(settings);
            return _ => rule;
        });

    public override string Name => "process-table";

    public override bool TryPlace(in Snapshot snapshot, in JobInfo job, ref RandomSource random, out Placement placement)
    {
        placement = default;
        if (!IsNearlyFull(in snapshot))
            return false;
        int target = Targets.LeastLoaded(in snapshot, in job, _settings.MaxAgeSeconds);
        if (target < 0)
            return false;
        NodeId node = snapshot.Others[target].Node;
        placement = new(node, NodeId.None, Explain(Pushed, in snapshot, job.Id, node));
        return true;
    }

    public override bool TryJudge(in Snapshot snapshot, in JobOffer offer, out Acceptance acceptance)
    {
        acceptance = default;
        if (!IsNearlyFull(in snapshot))
            return false;
        acceptance = new(false, false, Explain(Refuses, in snapshot, offer.Job.Id, snapshot.Self.Node));
        return true;
    }

    private bool IsNearlyFull(in Snapshot snapshot) =>
        snapshot.State.MaxProcessSlots > 0 && snapshot.State.UsedProcessSlots >= _settings.FullShare * snapshot.State.MaxProcessSlots;

    private Reason Explain(ReasonForm form, in Snapshot snapshot, JobId job, NodeId node) =>
        form.With(job, node, snapshot.State.UsedProcessSlots, snapshot.State.MaxProcessSlots, _settings.FullShare * 100);

    public sealed record Settings(double FullShare, double MaxAgeSeconds);
}
