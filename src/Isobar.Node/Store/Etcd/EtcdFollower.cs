using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Google.Protobuf;
using Grpc.Core;
using Isobar.Node.Store.Etcd.Wire;
using Isobar.Protocol;

namespace Isobar.Node.Store.Etcd;

/// <summary>
/// List, then watch from the revision after the list, and again from the last seen revision whenever the stream breaks. A compaction past that revision (etcd
/// cancels the watch and names compact_revision) or a store with fewer revisions than seen (restored from a backup) means: list again.
/// </summary>
internal sealed partial class EtcdFollower(EtcdStore store, EtcdChannels channels, string prefix, ILogger log)
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    /// <summary>etcd then ends the watch on a member that lost its leader (clientv3.WithRequireLeader), which would else be silent for as long as the partition lasts.</summary>
    internal static readonly Metadata RequireLeader = new() { { "hasleader", "true" } };

    private readonly ILogger _log = log;

    /// <summary>The revision up to which everything was told; 0 = nothing yet.</summary>
    private long _seen;

    public async IAsyncEnumerable<StoreUpdate> RunAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        // A bounded hand-over: a slow consumer slows the watch, etcd buffers for it.
        var updates = Channel.CreateBounded<StoreUpdate>(16);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var following = FollowAsync(updates.Writer, stop.Token);
        try
        {
            await foreach (var update in updates.Reader.ReadAllAsync(cancellation))
                yield return update;
        }
        finally
        {
            await stop.CancelAsync();
            await following;
        }
    }

    private async Task FollowAsync(ChannelWriter<StoreUpdate> writer, CancellationToken cancellation)
    {
        var pause = TimeSpan.Zero;
        while (!cancellation.IsCancellationRequested)
        {
            var before = _seen;
            try
            {
                if (_seen == 0)
                    await TellWholeAsync(writer, cancellation);
                await WatchAsync(writer, cancellation);
            }
            catch (Exception e) when (e is RpcException or IsobarException or ObjectDisposedException or InvalidOperationException or OperationCanceledException)
            {
                if (!cancellation.IsCancellationRequested)
                    LogBroken(prefix, _seen, e.Message);
            }
            catch (Exception e)
            {
                // Whatever it is: one who gives up would never hear of a change again, and say nothing.
                LogUnexpected(prefix, _seen, e.ToString());
            }

            pause = _seen != before ? TimeSpan.Zero : TimeSpan.FromMilliseconds(Math.Clamp(pause.TotalMilliseconds * 2, 50, LongestPause.TotalMilliseconds));
            await Task.Delay(pause, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        writer.TryComplete();
    }

    private async Task TellWholeAsync(ChannelWriter<StoreUpdate> writer, CancellationToken cancellation)
    {
        var snapshot = await store.ListAsync(prefix, cancellation);
        await writer.WriteAsync(new StoreUpdate(true, snapshot.Revision, [.. snapshot.Entries.Select(e => new StoreUpdateEntry(e.Key, e.Value, e.Revision))]), cancellation);
        _seen = snapshot.Revision;
    }

    private async Task WatchAsync(ChannelWriter<StoreUpdate> writer, CancellationToken cancellation)
    {
        if (channels.Current is not { } current)
            throw new StoreUnavailableException("no machine of the store is known");
        try
        {
            using var stream = new Watch.WatchClient(current.Channel).Watch(RequireLeader, cancellationToken: cancellation);
            await stream.RequestStream.WriteAsync(new WatchRequest
            {
                CreateRequest = new WatchCreateRequest
                {
                    Key = ByteString.CopyFromUtf8(prefix),
                    RangeEnd = EtcdKeys.EndOfPrefix(prefix),
                    StartRevision = _seen + 1,
                    ProgressNotify = true,
                },
            }, cancellation);
            await foreach (var response in stream.ResponseStream.ReadAllAsync(cancellation))
            {
                if (!await TakeAsync(response, writer, cancellation))
                    return;
            }
        }
        finally
        {
            channels.MoveOn(current.Index);
        }
    }

    /// <returns>Whether the watch goes on.</returns>
    private async Task<bool> TakeAsync(WatchResponse response, ChannelWriter<StoreUpdate> writer, CancellationToken cancellation)
    {
        if (response.CompactRevision > 0 || response.Header.Revision < _seen && response.Created)
        {
            LogWholeAgain(prefix, _seen);
            _seen = 0;
            return false;
        }
        if (response.Canceled)
            return false;
        if (response.Events.Count > 0)
        {
            await writer.WriteAsync(new StoreUpdate(false, response.Header.Revision, [.. response.Events.Select(e => new StoreUpdateEntry(
                e.Kv.Key.ToStringUtf8(), e.Type == Event.Types.EventType.Put ? e.Kv.Value.Memory : (ReadOnlyMemory<byte>?)null, e.Kv.ModRevision))]), cancellation);
            // The header's revision may be past events that are still to come in a later response; the last event's is what was told.
            _seen = response.Events[^1].Kv.ModRevision;
        }
        else if (!response.Created)
        {
            // A progress notice: nothing below the prefix up to here, so that a later resumption is not caught by a compaction.
            _seen = Math.Max(_seen, response.Header.Revision);
        }
        return true;
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "watch of {Prefix} broke at revision {Revision}: {Reason}")]
    private partial void LogBroken(string prefix, long revision, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "watch of {Prefix} broke at revision {Revision} and is begun again: {Reason}")]
    private partial void LogUnexpected(string prefix, long revision, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "watch of {Prefix} cannot resume from revision {Revision}, which is compacted or from another history: reading all")]
    private partial void LogWholeAgain(string prefix, long revision);
}
