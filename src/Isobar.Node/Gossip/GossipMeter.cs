using System.Diagnostics.Metrics;
using Isobar.Protocol.Balance;

namespace Isobar.Node.Gossip;

/// <summary>What went over the wire and what was refused; for <c>isobar nodes --age</c>, and for whoever listens to the meter.</summary>
internal sealed class GossipMeter
{
    private static readonly Meter Meter = new("Isobar.Gossip");
    private static readonly Counter<long> Sent = Meter.CreateCounter<long>("isobar.gossip.sent", "datagrams");
    private static readonly Counter<long> Received = Meter.CreateCounter<long>("isobar.gossip.received", "datagrams");
    private static readonly Counter<long> Dropped = Meter.CreateCounter<long>("isobar.gossip.dropped", "datagrams", "Datagrams that were refused, by reason");

    private readonly long[] _byOpening = new long[Enum.GetValues<Opening>().Length];
    private long _sent;
    private long _sentBytes;
    private long _receivedBytes;
    private long _unsent;

    public void OnSent(int bytes)
    {
        Interlocked.Increment(ref _sent);
        Interlocked.Add(ref _sentBytes, bytes);
        Sent.Add(1);
    }

    public void OnUnsent() => Interlocked.Increment(ref _unsent);

    public void OnReceived(Opening opening, int bytes)
    {
        Interlocked.Increment(ref _byOpening[(int)opening]);
        Interlocked.Add(ref _receivedBytes, bytes);
        if (opening == Opening.Opened)
            Received.Add(1);
        else
            Dropped.Add(1, new KeyValuePair<string, object?>("reason", opening.ToString()));
    }

    public GossipCounts Counts() => new()
    {
        Sent = Interlocked.Read(ref _sent),
        SentBytes = Interlocked.Read(ref _sentBytes),
        Received = Of(Opening.Opened),
        ReceivedBytes = Interlocked.Read(ref _receivedBytes),
        Forged = Of(Opening.Forged),
        Replayed = Of(Opening.Replayed),
        Strangers = Of(Opening.Stranger),
        UnknownKey = Of(Opening.UnknownKey),
        Malformed = Of(Opening.Malformed),
        Unsent = Interlocked.Read(ref _unsent),
    };

    private long Of(Opening opening) => Interlocked.Read(ref _byOpening[(int)opening]);
}
