using System.Collections.Concurrent;
using Grpc.Core;
using Isobar.Node.Membership;
using Isobar.Protocol;
using Isobar.Protocol.Cluster;

namespace Isobar.Node.Peers;

/// <summary>A member's last known status and how long ago there was a sign of life (null = never since this daemon started).</summary>
public sealed record PeerStatus(string Node, NodeStatus? Status, TimeSpan? LastSeen)
{
    /// <summary>Seen so lately that it counts as up.</summary>
    public bool IsUp => LastSeen < PeerStatuses.UpWithin;
}

/// <summary>Asks the members that are silent for their status now and then, and keeps what they answered.</summary>
public sealed class PeerStatuses : IAsyncDisposable
{
    /// <summary>Two rounds may be lost; members that ask this one show life, too.</summary>
    public static readonly TimeSpan UpWithin = TimeSpan.FromSeconds(25);

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Fresh = 0.9 * Period;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(2);

    private readonly string _self;
    private readonly PeerChannels _channels;
    private readonly Func<Roster> _roster;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<string, (NodeStatus? Status, long Seen)> _known = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _asking;

    public PeerStatuses(string self, PeerChannels channels, Func<Roster> roster, TimeProvider time)
    {
        (_self, _channels, _roster, _time) = (self, channels, roster, time);
        _asking = AskRegularlyAsync();
    }

    public PeerStatus Of(string node) => _known.TryGetValue(node, out var known)
        ? new PeerStatus(node, known.Status, _time.GetElapsedTime(known.Seen))
        : new PeerStatus(node, null, null);

    /// <summary>How old a node's own news is that came by gossip; null = none is known.</summary>
    public Func<string, TimeSpan?> NewsAge { get; set; } = static _ => null;

    /// <summary>Notes a sign of life: the node called us.</summary>
    public void Saw(string node) => Saw(node, _time.GetTimestamp());

    /// <summary>Asks all other members at once and waits for those that answer within the deadline (2 s).</summary>
    /// <returns>The nodes that answered now.</returns>
    public async Task<IReadOnlyDictionary<string, NodeStatus>> AskAllAsync(CancellationToken cancellation)
    {
        var asked = _roster().Nodes.Keys.Where(n => n != _self).Select(async node => (Node: node, Status: await AskAsync(node, cancellation)));
        return (await Task.WhenAll(asked)).Where(a => a.Status is not null).ToDictionary(a => a.Node, a => a.Status!);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _asking;
        _stop.Dispose();
    }

    private async Task<NodeStatus?> AskAsync(string node, CancellationToken cancellation)
    {
        try
        {
            var status = await new Isobar.Protocol.Cluster.Membership.MembershipClient(_channels.To(node))
                .StatusAsync(new StatusRequest(), deadline: DateTime.UtcNow + Deadline, cancellationToken: cancellation);
            _known[node] = (status, _time.GetTimestamp());
            return status;
        }
        catch (Exception e) when (e is RpcException or IsobarException or ObjectDisposedException)
        {
            return null;
        }
    }

    private void Saw(string node, long at) =>
        _known.AddOrUpdate(node, static (_, at) => (null, at), static (_, known, at) => (known.Status, Math.Max(known.Seen, at)), at);

    /// <summary>Whoever was heard lately is not asked: with gossip, members at rest call each other not at all, however many they are.</summary>
    private bool IsFresh(string node)
    {
        if (NewsAge(node) is { } age && age < UpWithin)
            Saw(node, _time.GetTimestamp() - (long)(age.TotalSeconds * _time.TimestampFrequency));
        return Of(node).LastSeen < Fresh;
    }

    private async Task AskRegularlyAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            await Task.WhenAll(_roster().Nodes.Keys.Where(node => node != _self && !IsFresh(node)).Select(node => AskAsync(node, _stop.Token)));
            await Task.Delay(Period, _time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
