using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Consideration.Placing;

/// <summary>
/// Amoeba's run server: a job starts on the pool machine that has memory for it and gives the most power per runnable process,
/// capacity / (queue + 1) [systems.md S4; the formula is from memory]. Machines with the flag <see cref="NodeFlags.Pool"/> are the pool; if none has it, all are.
/// </summary>
public sealed class PoolRule : ConsiderationRule
{
    private static readonly ReasonForm Picked = new(
        "pool", "{job} starts on {node}: {a} standard cores per process there, the most of {b} pool machines; here {c}", "power machines own-power");

    private readonly Settings _settings;

    public PoolRule(Settings settings) => _settings = settings;

    public static Policy<RuleFactory> Policy { get; } = new(
        "pool",
        "Processor pool: most power per process among the pool's machines",
        "Amoeba run server (Tanenbaum et al.)",
        [PolicyParameter.Number("maxAgeSeconds", 60, 0, 1e6, "Older news is not used; ours")],
        values =>
        {
            var settings = new Settings(values["maxAgeSeconds"]);
            return _ => new PoolRule(settings);
        });

    public override string Name => "pool";

    public override bool TryPlace(in Snapshot snapshot, in JobInfo job, ref RandomSource random, out Placement placement)
    {
        bool pooled = snapshot.Self.Has(NodeFlags.Pool);
        for (int i = 0; i < snapshot.Others.Length && !pooled; i++)
            pooled = snapshot.Others[i].Has(NodeFlags.Pool);

        NodeId best = NodeId.None;
        double power = 0;
        int machines = 0;
        double own = Power(in snapshot.Self);
        if (!pooled || snapshot.Self.Has(NodeFlags.Pool))
        {
            best = snapshot.Self.Node;
            power = own;
            machines = 1;
        }

        foreach (ref readonly LoadEntry entry in snapshot.Others)
        {
            bool candidate = (!pooled || entry.Has(NodeFlags.Pool))
                && Targets.Takes(in snapshot, in entry, in job, _settings.MaxAgeSeconds) && Targets.HasRoom(in entry, job.ResidentBytes);
            if (!candidate)
                continue;
            machines++;
            if (Power(in entry) > power)
                (best, power) = (entry.Node, Power(in entry));
        }

        placement = best.IsNone ? default : new(best, NodeId.None, Picked.With(job.Id, best, power, machines, own));
        return !best.IsNone;
    }

    private static double Power(in LoadEntry entry) => entry.Capacity / (entry.Ready + 1);

    public sealed record Settings(double MaxAgeSeconds);
}
