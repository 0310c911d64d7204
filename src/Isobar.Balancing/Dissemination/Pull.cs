using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Dissemination;

/// <summary>
/// Kerrighed: each node asks the others for their load every second and caches the answers [systems.md S20.2, remote_cache_filter].
/// With <c>fanout</c> it asks only so many random ones.
/// </summary>
public sealed class Pull : DisseminationProtocol
{
    private readonly Settings _settings;

    public Pull(NodeId self, Roster roster, Settings settings)
        : base(self, roster, new ClusterView(settings.Vector))
    {
        _settings = settings;
    }

    public static Policy<DisseminationFactory> Policy { get; } = new(
        "pull",
        "Asks the others for their load each period",
        "Kerrighed remote_cache_filter",
        [
            PolicyParameter.Number("periodSeconds", 1, 0.001, 3600, "Seconds between two rounds: Kerrighed 1000 ms"),
            PolicyParameter.Whole("fanout", 0, 0, 1 << 20, "Random nodes asked per round; 0 = all, as Kerrighed"),
            PolicyParameter.Whole("vector", 65536, 1, 1 << 24, "The most nodes that are remembered"),
        ],
        values =>
        {
            var settings = new Settings(values["periodSeconds"], values.Whole("fanout"), values.Whole("vector"));
            return (self, roster) => new Pull(self, roster, settings);
        });

    public override string Name => "pull";

    public override double PeriodSeconds => _settings.PeriodSeconds;

    public override void OnTick(Instant now, ref RandomSource random, IOutbox outbox)
    {
        var question = new LoadMessage(MessageKind.Pull, default);
        if (_settings.Fanout > 0 && _settings.Fanout < Roster.Count - 1)
        {
            for (int i = 0; i < _settings.Fanout; i++)
                outbox.Send(Roster.RandomOther(Self, ref random), in question);
            return;
        }

        for (int i = 0; i < Roster.Count; i++)
        {
            if (Roster[i] != Self)
                outbox.Send(Roster[i], in question);
        }
    }

    public override void OnMessage(Instant now, NodeId from, in LoadMessage message, ref RandomSource random, IOutbox outbox)
    {
        if (message.Kind != MessageKind.Pull)
        {
            Merge(message.Entries);
            return;
        }

        if (!HasOwn)
            return;
        LoadEntry own = Own;
        outbox.Send(from, new LoadMessage(MessageKind.Reply, new ReadOnlySpan<LoadEntry>(in own)));
    }

    public sealed record Settings(double PeriodSeconds, int Fanout, int Vector);
}
