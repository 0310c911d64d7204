using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Consideration.Placing;

/// <summary>
/// A new job starts on the least loaded node; to keep a herd apart, on a random one of those within <c>within</c> of the least: MOSIX2's
/// best-node tool takes 5 units where 100 is one CPU [systems.md S23.3]. GLUnix' master places so with <c>within</c> 0 [S6].
/// </summary>
public sealed class LeastLoadedRule : ConsiderationRule
{
    private static readonly ReasonForm Least = new(
        "least-loaded", "{job} starts on {node}: load {a}, the least known is {b}, here it is {c}", "load least own-load");

    private readonly Settings _settings;

    public LeastLoadedRule(Settings settings) => _settings = settings;

    public static Policy<RuleFactory> Policy { get; } = new(
        "least-loaded",
        "New jobs on the least loaded node, or on one nearly so",
        "GLUnix master; MOSIX2 infod-best",
        [
            PolicyParameter.Number("within", 0.05, 0, 1000, "Load above the least that still counts as best: 5 units of 100 in MOSIX2"),
            PolicyParameter.Number("maxAgeSeconds", 60, 0, 1e6, "Older news is not used"),
        ],
        values =>
        {
            var settings = new Settings(values["within"], values["maxAgeSeconds"]);
            return _ => new LeastLoadedRule(settings);
        });

    public override string Name => "least-loaded";

    public override bool TryPlace(in Snapshot snapshot, in JobInfo job, ref RandomSource random, out Placement placement)
    {
        float least = snapshot.Self.Has(NodeFlags.Blocked) ? float.PositiveInfinity : snapshot.Self.Load;
        foreach (ref readonly LoadEntry entry in snapshot.Others)
        {
            if (IsCandidate(in snapshot, in entry, in job) && entry.Load < least)
                least = entry.Load;
        }

        if (float.IsPositiveInfinity(least))
        {
            placement = default;
            return false;
        }

        // Here first: without a reason to go, a job stays. Then a reservoir of one over the nearly best.
        int seen = 0;
        NodeId node = snapshot.Self.Node;
        float load = snapshot.Self.Load;
        if (load > least + _settings.Within)
        {
            foreach (ref readonly LoadEntry entry in snapshot.Others)
            {
                bool good = IsCandidate(in snapshot, in entry, in job) && entry.Load <= least + _settings.Within;
                if (!good || random.NextInt(++seen) != 0)
                    continue;
                node = entry.Node;
                load = entry.Load;
            }
        }

        placement = new(node, NodeId.None, Least.With(job.Id, node, load, least, snapshot.Self.Load));
        return true;
    }

    private bool IsCandidate(in Snapshot snapshot, in LoadEntry entry, in JobInfo job) =>
        Targets.Takes(in snapshot, in entry, in job, _settings.MaxAgeSeconds) && Targets.HasRoom(in entry, job.ResidentBytes);

    public sealed record Settings(double Within, double MaxAgeSeconds);
}
