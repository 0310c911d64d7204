using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Dissemination;

/// <summary>
/// Load rides on any message that flows anyway: the own entry and the two newest others [systems.md A11, the review's open problem; Nomad did it on
/// file traffic, S17]. A peer that got one less than 250 ms ago gets none. When nothing could ride for a second, one round of
/// <see cref="TwoRandom"/> goes out as datagrams.
/// </summary>
public sealed class Piggyback : DisseminationProtocol
{
    private const int RememberedPeers = 8;
    private const int OnStack = 64;

    private readonly Settings _settings;
    private readonly (NodeId Peer, Instant Sent)[] _peers = new (NodeId, Instant)[RememberedPeers];
    private int _next;
    private Instant _rode = Instant.Never;

    public Piggyback(NodeId self, Roster roster, Settings settings)
        : base(self, roster, new ClusterView(settings.Vector))
    {
        _settings = settings;
        Array.Fill(_peers, (NodeId.None, Instant.Never));
    }

    public static Policy<DisseminationFactory> Policy { get; } = new(
        "piggyback",
        "Load rides on other messages; datagrams only when there are none",
        "review's open problem; Nomad (Pinheiro, Bianchini 1999); numbers of systems.md A11",
        [
            PolicyParameter.Number("tickSeconds", 1, 0.001, 3600, "How often the need of datagrams is looked at"),
            PolicyParameter.Number("fallbackSeconds", 1, 0, 3600, "Silence of other traffic after which datagrams go out; 0 = never (Nomad)"),
            PolicyParameter.Number("spacingSeconds", 0.25, 0, 3600, "Nothing rides to a peer that got something so recently"),
            PolicyParameter.Whole("extraEntries", 2, 0, 64, "Newest entries of others that ride along"),
            PolicyParameter.Number("recentSeconds", 10, 0, 3600, "As for two-random, in the fallback"),
            PolicyParameter.Whole("vector", 16, 1, 1 << 24, "The most nodes that are remembered"),
        ],
        values =>
        {
            var settings = new Settings(
                values["tickSeconds"],
                values["fallbackSeconds"],
                values["spacingSeconds"],
                values.Whole("extraEntries"),
                values["recentSeconds"],
                values.Whole("vector"));
            return (self, roster) => new Piggyback(self, roster, settings);
        });

    public override string Name => "piggyback";

    public override double PeriodSeconds => _settings.TickSeconds;

    public override void OnTick(Instant now, ref RandomSource random, IOutbox outbox)
    {
        bool silent = _settings.FallbackSeconds > 0 && now - _rode >= _settings.FallbackSeconds - 1e-6;
        if (HasOwn && silent)
            TwoRandom.SendTo(now, View, Self, Roster, _settings.RecentSeconds, Own, ref random, outbox);
    }

    public override void OnMessage(Instant now, NodeId from, in LoadMessage message, ref RandomSource random, IOutbox outbox) =>
        Merge(message.Entries);

    public override int Attach(Instant now, NodeId peer, Span<LoadEntry> room)
    {
        if (!HasOwn || room.IsEmpty || IsTooSoon(now, peer))
            return 0;
        _rode = now;
        room[0] = Own;
        int extra = 0;
        ReadOnlySpan<LoadEntry> entries = View.Entries;
        int most = Math.Min(room.Length - 1, _settings.ExtraEntries);
        Span<WindowItem> heap = most <= OnStack ? stackalloc WindowItem[most] : new WindowItem[most];
        for (int i = 0; i < entries.Length; i++)
        {
            if (entries[i].Node != peer)
                WindowHeap.Offer(heap, ref extra, new WindowItem(entries[i].Stamp, i));
        }

        for (int i = 0; i < extra; i++)
            room[1 + i] = entries[heap[i].Index];
        return 1 + extra;
    }

    private bool IsTooSoon(Instant now, NodeId peer)
    {
        for (int i = 0; i < _peers.Length; i++)
        {
            if (_peers[i].Peer != peer)
                continue;
            if (now - _peers[i].Sent < _settings.SpacingSeconds)
                return true;
            _peers[i].Sent = now;
            return false;
        }

        _peers[_next] = (peer, now);
        _next = (_next + 1) % _peers.Length;
        return false;
    }

    public sealed record Settings(
        double TickSeconds, double FallbackSeconds, double SpacingSeconds, int ExtraEntries, double RecentSeconds, int Vector);
}
