using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Dissemination;

/// <summary>
/// openMosix: each second the own entry goes to two random nodes, one among those heard from recently, one among the others; the load
/// vector is a FIFO of eight [systems.md A2a]. The length of "recently" and whether a repeated node refreshes its slot
/// are not known: parameters, 10 s and yes.
/// </summary>
public sealed class TwoRandom : DisseminationProtocol
{
    private readonly Settings _settings;

    public TwoRandom(NodeId self, Roster roster, Settings settings)
        : base(self, roster, new ClusterView(settings.Vector, fifo: true, repeats: !settings.RefreshInPlace))
    {
        _settings = settings;
    }

    public static Policy<DisseminationFactory> Policy { get; } = new(
        "two-random",
        "Own load to one recent and one other random node",
        "openMosix (Bar 2002); Ahmed, Samsudin, Ramli 2008",
        Settings.Parameters,
        values =>
        {
            var settings = Settings.Read(values);
            return (self, roster) => new TwoRandom(self, roster, settings);
        });

    public override string Name => "two-random";

    public override double PeriodSeconds => _settings.PeriodSeconds;

    public override void OnTick(Instant now, ref RandomSource random, IOutbox outbox)
    {
        if (HasOwn)
            SendTo(now, View, Self, Roster, _settings.RecentSeconds, Own, ref random, outbox);
    }

    public override void OnMessage(Instant now, NodeId from, in LoadMessage message, ref RandomSource random, IOutbox outbox) =>
        Merge(message.Entries);

    /// <summary>One round of the rule; also the fallback of <see cref="Piggyback"/>.</summary>
    internal static void SendTo(
        Instant now, ClusterView view, NodeId self, Roster roster, double recentSeconds, in LoadEntry own, ref RandomSource random, IOutbox outbox)
    {
        var message = new LoadMessage(MessageKind.Push, new ReadOnlySpan<LoadEntry>(in own));
        NodeId recent = RandomRecent(now, view, recentSeconds, ref random);
        if (recent.IsNone)
            recent = roster.RandomOther(self, ref random);
        if (recent.IsNone)
            return;
        outbox.Send(recent, in message);
        NodeId other = RandomOther(now, view, self, roster, recentSeconds, recent, ref random);
        if (!other.IsNone)
            outbox.Send(other, in message);
    }

    private static NodeId RandomRecent(Instant now, ClusterView view, double recentSeconds, ref RandomSource random)
    {
        // Reservoir of one: a single pass, no list of candidates.
        NodeId chosen = NodeId.None;
        int seen = 0;
        foreach (ref readonly LoadEntry entry in view.Entries)
        {
            if (entry.Age(now) <= recentSeconds && random.NextInt(++seen) == 0)
                chosen = entry.Node;
        }

        return chosen;
    }

    private static NodeId RandomOther(
        Instant now, ClusterView view, NodeId self, Roster roster, double recentSeconds, NodeId taken, ref RandomSource random)
    {
        // In a small cluster everybody may be recent: then anyone but the first target will do.
        const int Tries = 16;
        NodeId fallback = NodeId.None;
        for (int i = 0; i < Tries; i++)
        {
            NodeId node = roster.RandomOther(self, ref random);
            if (node.IsNone || node == taken)
                continue;
            int index = view.IndexOf(node);
            if (index < 0 || view[index].Age(now) > recentSeconds)
                return node;
            fallback = node;
        }

        return fallback;
    }

    public sealed record Settings(double PeriodSeconds, int Vector, double RecentSeconds, bool RefreshInPlace)
    {
        internal static PolicyParameter[] Parameters =>
        [
            PolicyParameter.Number("periodSeconds", 1, 0.001, 3600, "Seconds between two rounds: each second in the review"),
            PolicyParameter.Whole("vector", 8, 1, 16, "Entries of the FIFO load vector: eight in the review"),
            PolicyParameter.Number("recentSeconds", 10, 0, 3600, "How long a node counts as heard from recently; unknown, 10 s proposed in systems.md A2a"),
            PolicyParameter.Switch("refreshInPlace", true, "A repeated node refreshes its slot; unknown, yes proposed; false = plain FIFO with repeats"),
        ];

        internal static Settings Read(ParameterValues values) =>
            new(values["periodSeconds"], values.Whole("vector"), values["recentSeconds"], values.On("refreshInPlace"));
    }
}
