using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Consideration.Memory;

/// <summary>
/// Pages move, not processes: short of memory, a node pushes cold memory of its largest job to another node's memory. As "global-memory" (GMS) the target is
/// drawn with probability w_i / sum(w), w_i being its idle memory, for the page ages of which the weights are made in GMS are not known
/// outside of a kernel [systems.md S11b, A10]; as "memory-server" only machines of the pool are targets [S11a].
/// </summary>
public sealed class GlobalMemoryRule : ConsiderationRule
{
    private const double MiB = 1 << 20;

    private readonly Settings _settings;
    private readonly ReasonForm _pushes;

    public GlobalMemoryRule(Settings settings)
    {
        _settings = settings;
        _pushes = new(
            Name, "{a} MiB of {job} go to the memory of {node}, which has {b} MiB free of {d} in all; {c} MiB are free here", "bytes there here all");
    }

    public static Policy<RuleFactory> AnyNode { get; } = Make(
        "global-memory", "Cold pages to idle nodes, drawn by their idle memory", "GMS (Feeley et al. 1995)", false);

    public static Policy<RuleFactory> ServersOnly { get; } = Make(
        "memory-server", "Cold pages to dedicated memory servers", "Comer, Griffioen 1990", true);

    public override string Name => _settings.PoolOnly ? "memory-server" : "global-memory";

    public override bool Consider(in Snapshot snapshot, Trigger trigger, ref RandomSource random, Plan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ref readonly NodeState state = ref snapshot.State;
        double threshold = _settings.FreeShare * state.TotalMemoryBytes;
        if (state.TotalMemoryBytes == 0 || state.FreeMemoryBytes >= threshold)
            return false;
        int job = Largest(in snapshot, plan);
        double total = 0;
        foreach (ref readonly LoadEntry entry in snapshot.Others)
            total += Weight(in snapshot, in entry);
        if (job < 0 || total <= 0)
            return false;
        double draw = random.NextDouble() * total;
        foreach (ref readonly LoadEntry entry in snapshot.Others)
        {
            double weight = Weight(in snapshot, in entry);
            draw -= weight;
            if (weight <= 0 || draw >= 0)
                continue;
            ref readonly JobInfo chosen = ref snapshot.Jobs[job];
            double bytes = Math.Min(Math.Min(threshold - state.FreeMemoryBytes, chosen.ResidentBytes), weight * MiB);
            Reason reason = _pushes.With(chosen.Id, entry.Node, bytes / MiB, entry.FreeMemoryMiB, state.FreeMemoryBytes / MiB, total);
            plan.Add(new PlannedAction(ActionKind.PageOut, chosen.Id, chosen.Node, entry.Node, NodeId.None, reason) { Bytes = (long)bytes });
            return true;
        }

        return false;
    }

    // Free memory above the node's own threshold, in MiB.
    private double Weight(in Snapshot snapshot, in LoadEntry entry)
    {
        bool takes = Targets.IsOpen(in entry, snapshot.Now, _settings.MaxAgeSeconds) && (!_settings.PoolOnly || entry.Has(NodeFlags.Pool));
        return takes ? Math.Max(0, entry.FreeMemoryMiB - _settings.FreeShare * entry.TotalMemoryMiB) : 0;
    }

    private static int Largest(in Snapshot snapshot, Plan plan)
    {
        int best = -1;
        for (int i = 0; i < snapshot.Jobs.Length; i++)
        {
            ref readonly JobInfo job = ref snapshot.Jobs[i];
            bool larger = best < 0 || job.ResidentBytes > snapshot.Jobs[best].ResidentBytes;
            if (larger && !job.Has(JobFlags.Frozen) && !job.Has(JobFlags.Moving) && !plan.Concerns(job.Id))
                best = i;
        }

        return best;
    }

    private static Policy<RuleFactory> Make(string name, string summary, string source, bool poolOnly) => new(
        name,
        summary,
        source,
        [
            PolicyParameter.Number("freeShare", 0.05, 0, 1, "Threshold of free memory as a share of all, here and at the target; unknown"),
            PolicyParameter.Number("maxAgeSeconds", 10, 0, 1e6, "Older news is not used: an epoch of GMS is 5-10 s (remembered)"),
        ],
        values =>
        {
            var settings = new Settings(values["freeShare"], values["maxAgeSeconds"], poolOnly);
            return _ => new GlobalMemoryRule(settings);
        });

    public sealed record Settings(double FreeShare, double MaxAgeSeconds, bool PoolOnly);
}
