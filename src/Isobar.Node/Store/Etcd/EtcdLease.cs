using Grpc.Core;
using Isobar.Node.Store.Etcd.Wire;
using Isobar.Protocol;

namespace Isobar.Node.Store.Etcd;

/// <summary>Renews a lease each third of its time, each time by a short stream (etcd has no unary call for it), so that it survives a change of member.</summary>
internal sealed class EtcdLease : IStoreLease
{
    private readonly EtcdChannels _channels;
    private readonly TimeSpan _timeToLive;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _ended = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _renewing;

    public EtcdLease(EtcdChannels channels, long id, TimeSpan timeToLive, TimeProvider time)
    {
        (_channels, Id, _timeToLive, _time) = (channels, id, timeToLive, time);
        Ended = _ended.Token;
        _renewing = RenewAsync();
    }

    public long Id { get; }

    public CancellationToken Ended { get; }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _renewing;
        await _ended.CancelAsync();
        try
        {
            await _channels.CallAsync((channel, options) => new Lease.LeaseClient(channel).LeaseRevokeAsync(new LeaseRevokeRequest { Id = Id }, options), null, default);
        }
        catch (Exception e) when (e is IsobarException or RpcException)
        {
            // Nobody to tell: it ends by itself.
        }
        _stop.Dispose();
        _ended.Dispose();
    }

    private async Task RenewAsync()
    {
        var lastRenewed = _time.GetTimestamp();
        while (true)
        {
            try
            {
                await Task.Delay(_timeToLive / 3, _time, _stop.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            var asked = _time.GetTimestamp();
            var timeToLive = await TryRenewAsync();
            if (timeToLive > 0)
                lastRenewed = asked;
            else if (timeToLive == 0 || _time.GetElapsedTime(lastRenewed) > _timeToLive)
            {
                await _ended.CancelAsync();
                return;
            }
        }
    }

    /// <returns>The new time to live in seconds; 0 = the lease is gone; -1 = no answer.</returns>
    private async Task<long> TryRenewAsync()
    {
        if (_channels.Current is not { } current)
            return -1;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        limit.CancelAfter(_timeToLive / 3);
        try
        {
            using var stream = new Lease.LeaseClient(current.Channel).LeaseKeepAlive(cancellationToken: limit.Token);
            await stream.RequestStream.WriteAsync(new LeaseKeepAliveRequest { Id = Id }, limit.Token);
            return await stream.ResponseStream.MoveNext(limit.Token) ? stream.ResponseStream.Current.Ttl : -1;
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            _channels.MoveOn(current.Index);
            return -1;
        }
    }
}
