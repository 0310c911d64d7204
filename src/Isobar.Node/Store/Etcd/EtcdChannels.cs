using System.Diagnostics;
using Grpc.Core;
using Grpc.Net.Client;
using Isobar.Node.Store.Supervision;

namespace Isobar.Node.Store.Etcd;

/// <summary>
/// Channels to the store's members, one in use at a time: whatever answered last is asked first, a failure moves on to the next. The list may change while
/// calls run (members join and leave).
/// </summary>
public sealed class EtcdChannels : IDisposable
{
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(3);

    /// <summary>An election takes up to twice its timeout: a call that meets one must outlast it.</summary>
    private static readonly TimeSpan Perseverance = 2.5 * StorePlan.ElectionTimeout;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly Lock _gate = new();
    private List<(EtcdEndpoint Endpoint, GrpcChannel Channel)> _channels = [];
    private int _current;

    /// <summary>Takes a new list in order of preference; channels to endpoints that stay are kept.</summary>
    public void Use(IReadOnlyList<EtcdEndpoint> endpoints)
    {
        List<GrpcChannel> gone;
        lock (_gate)
        {
            var old = _channels;
            _channels = [.. endpoints.DistinctBy(e => e.Address).Select(e =>
                old.FirstOrDefault(o => o.Endpoint.Address == e.Address) is { Channel: not null } kept ? kept : (e, e.Open()))];
            _current = 0;
            gone = [.. old.Select(o => o.Channel).Except(_channels.Select(c => c.Channel))];
        }
        foreach (var channel in gone)
            channel.Dispose();
    }

    /// <summary>The channel to use now; null if there is none.</summary>
    internal (GrpcChannel Channel, int Index, int Count)? Current
    {
        get
        {
            lock (_gate)
                return _channels.Count == 0 ? null : (_channels[_current].Channel, _current, _channels.Count);
        }
    }

    /// <summary>Moves on from a channel that failed, unless somebody did already.</summary>
    internal void MoveOn(int failed)
    {
        lock (_gate)
        {
            if (_current == failed && _channels.Count > 0)
                _current = (_current + 1) % _channels.Count;
        }
    }

    /// <summary>Calls one member after the other until one answers.</summary>
    /// <param name="call">The call; its options carry the deadline.</param>
    /// <param name="onAmbiguous">Told before a further attempt when the failed one may have been carried out.</param>
    /// <param name="cancellation">Ends the attempts.</param>
    internal async Task<T> CallAsync<T>(Func<ChannelBase, CallOptions, AsyncUnaryCall<T>> call, Action? onAmbiguous, CancellationToken cancellation)
    {
        Exception? last = null;
        var began = Stopwatch.GetTimestamp();
        for (var attempt = 0; attempt < 2 || Stopwatch.GetElapsedTime(began) < Perseverance; attempt++)
        {
            if (Current is not { } current)
                throw new StoreUnavailableException("no machine of the store is known");
            // Once round without a pause; then an election or a change of members may need a moment.
            if (attempt >= current.Count)
                await Task.Delay(Pause, cancellation);
            try
            {
                using var running = call(current.Channel, new CallOptions(deadline: DateTime.UtcNow + CallTimeout, cancellationToken: cancellation));
                return await running.ResponseAsync;
            }
            catch (RpcException e) when (IsAbsence(e) && !cancellation.IsCancellationRequested)
            {
                last = e;
                onAmbiguous?.Invoke();
                MoveOn(current.Index);
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.PermissionDenied)
            {
                throw new NotAdmittedException(e.Status.Detail, e);
            }
            catch (ObjectDisposedException e)
            {
                // The list changed under the call.
                last = e;
                onAmbiguous?.Invoke();
            }
        }
        cancellation.ThrowIfCancellationRequested();
        throw new StoreUnavailableException(last is RpcException rpc ? rpc.Status.Detail : "its machines changed", last);
    }

    /// <summary>Failures that say nothing about the request itself: the member is away, without leader, or only a learner ("rpc not supported for learner").</summary>
    internal static bool IsAbsence(RpcException e) => e.StatusCode is StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Internal
        or StatusCode.Unimplemented or StatusCode.Cancelled or StatusCode.Unauthenticated || (e.StatusCode == StatusCode.Unknown
            && (e.Status.Detail.Contains("etcdserver", StringComparison.Ordinal) || e.Status.Detail.Contains("raft: stopped", StringComparison.Ordinal)));

    public void Dispose() => Use([]);
}
