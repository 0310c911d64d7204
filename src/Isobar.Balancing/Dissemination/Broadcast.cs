using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Dissemination;

/// <summary>
/// Every node tells its load to everybody each period: N(N-1) messages [systems.md G2]. As "multicast" only to the members of its group, which
/// is why groups were made [G3]: k(k-1) for each group of k.
/// </summary>
public sealed class Broadcast : DisseminationProtocol
{
    private readonly Settings _settings;

    public Broadcast(NodeId self, Roster roster, Settings settings)
        : base(self, roster, new ClusterView(settings.Vector))
    {
        _settings = settings;
    }

    public static Policy<DisseminationFactory> ToAll { get; } = Make("broadcast", "Own load to every node each period", "review, systems.md G2", false);

    public static Policy<DisseminationFactory> ToGroup { get; } =
        Make("multicast", "Own load to every node of the own group each period", "review, systems.md G3", true);

    public override string Name => _settings.OwnGroupOnly ? "multicast" : "broadcast";

    public override double PeriodSeconds => _settings.PeriodSeconds;

    public override void OnTick(Instant now, ref RandomSource random, IOutbox outbox)
    {
        if (!HasOwn)
            return;
        LoadEntry own = Own;
        var message = new LoadMessage(MessageKind.Push, new ReadOnlySpan<LoadEntry>(in own));
        int group = _settings.OwnGroupOnly ? Roster.GroupOf(Self) : -1;
        int count = group >= 0 ? Roster.GroupSize(group) : Roster.Count;
        for (int i = 0; i < count; i++)
        {
            NodeId node = group >= 0 ? Roster.GroupMember(group, i) : Roster[i];
            if (node != Self)
                outbox.Send(node, in message);
        }
    }

    public override void OnMessage(Instant now, NodeId from, in LoadMessage message, ref RandomSource random, IOutbox outbox) =>
        Merge(message.Entries);

    private static Policy<DisseminationFactory> Make(string name, string summary, string source, bool group) => new(
        name,
        summary,
        source,
        [
            PolicyParameter.Number("periodSeconds", 1, 0.001, 3600, "Seconds between two rounds; the review gives no value"),
            PolicyParameter.Whole("vector", 65536, 1, 1 << 24, "The most nodes that are remembered"),
        ],
        values =>
        {
            var settings = new Settings(values["periodSeconds"], values.Whole("vector"), group);
            return (self, roster) => new Broadcast(self, roster, settings);
        });

    public sealed record Settings(double PeriodSeconds, int Vector, bool OwnGroupOnly);
}
