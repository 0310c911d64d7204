using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Consideration.Placing;

/// <summary>
/// A new job starts on the better of d random nodes that are known (d = 2: Mitzenmacher 1996, "the power of two choices"): nearly as good as the
/// best of all, and no herd forms on old information [scoreboard 4].
/// </summary>
public sealed class BestOfRule : ConsiderationRule
{
    private static readonly ReasonForm Better = new(
        "best-of", "{job} starts on {node}: its load {a} is the least of {b} drawn nodes, here it is {c}", "load drawn own-load");

    private readonly Settings _settings;

    public BestOfRule(Settings settings) => _settings = settings;

    public static Policy<RuleFactory> Policy { get; } = new(
        "best-of",
        "New jobs on the best of a few random nodes",
        "Mitzenmacher 1996, 2000",
        [
            PolicyParameter.Whole("choices", 2, 1, 64, "Nodes drawn, with repetition: two in the paper"),
            PolicyParameter.Switch("includeSelf", true, "Whether this node is in the draw"),
            PolicyParameter.Number("maxAgeSeconds", 60, 0, 1e6, "Older news is not drawn"),
        ],
        values =>
        {
            var settings = new Settings(values.Whole("choices"), values.On("includeSelf"), values["maxAgeSeconds"]);
            return _ => new BestOfRule(settings);
        });

    public override string Name => "best-of";

    public override bool TryPlace(in Snapshot snapshot, in JobInfo job, ref RandomSource random, out Placement placement)
    {
        int others = snapshot.Others.Length;
        int count = others + (_settings.IncludeSelf ? 1 : 0);
        NodeId best = NodeId.None;
        NodeId second = NodeId.None;
        float bestLoad = float.PositiveInfinity;
        for (int i = 0; i < _settings.Choices && count > 0; i++)
        {
            int pick = random.NextInt(count);
            ref readonly LoadEntry entry = ref pick < others ? ref snapshot.Others[pick] : ref snapshot.Self;
            bool open = pick >= others || Targets.Takes(in snapshot, in entry, in job, _settings.MaxAgeSeconds);
            if (!open || entry.Node == best)
                continue;
            if (entry.Load < bestLoad)
            {
                second = best;
                best = entry.Node;
                bestLoad = entry.Load;
            }
            else
            {
                second = entry.Node;
            }
        }

        if (best.IsNone)
        {
            placement = default;
            return false;
        }

        placement = new(best, second, Better.With(job.Id, best, bestLoad, _settings.Choices, snapshot.Self.Load));
        return true;
    }

    public sealed record Settings(int Choices, bool IncludeSelf, double MaxAgeSeconds);
}
