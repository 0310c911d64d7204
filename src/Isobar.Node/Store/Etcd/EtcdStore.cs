using Google.Protobuf;
using Isobar.Node.Store.Etcd.Wire;

namespace Isobar.Node.Store.Etcd;

/// <summary>The cluster's store on etcd's v3 API.</summary>
public sealed class EtcdStore(EtcdChannels channels, ILogger<EtcdStore> log, TimeProvider time) : IClusterStore
{
    public async Task<StoreEntry?> GetAsync(string key, CancellationToken cancellation)
    {
        var request = new RangeRequest { Key = ByteString.CopyFromUtf8(key) };
        var reply = await channels.CallAsync((channel, options) => new KV.KVClient(channel).RangeAsync(request, options), null, cancellation);
        return reply.Kvs.Count == 0 ? null : Entry(reply.Kvs[0]);
    }

    public async Task<StoreSnapshot> ListAsync(string prefix, CancellationToken cancellation)
    {
        var request = new RangeRequest { Key = ByteString.CopyFromUtf8(prefix), RangeEnd = EtcdKeys.EndOfPrefix(prefix) };
        var reply = await channels.CallAsync((channel, options) => new KV.KVClient(channel).RangeAsync(request, options), null, cancellation);
        return new StoreSnapshot(reply.Header.Revision, [.. reply.Kvs.Select(Entry)]);
    }

    public async Task<bool> TryCommitAsync(IReadOnlyList<StoreChange> changes, CancellationToken cancellation)
    {
        var request = Transaction(changes);
        var ambiguous = false;
        var reply = await channels.CallAsync((channel, options) => new KV.KVClient(channel).TxnAsync(request, options), () => ambiguous = true, cancellation);
        // An attempt whose answer was lost may be what made the condition of the next attempt fail.
        return reply.Succeeded || (ambiguous && await IsDoneAsync(changes, cancellation));
    }

    public async Task<IStoreLease> GrantLeaseAsync(TimeSpan timeToLive, CancellationToken cancellation)
    {
        var request = new LeaseGrantRequest { Ttl = (long)Math.Ceiling(timeToLive.TotalSeconds) };
        var reply = await channels.CallAsync((channel, options) => new Lease.LeaseClient(channel).LeaseGrantAsync(request, options), null, cancellation);
        return new EtcdLease(channels, reply.Id, TimeSpan.FromSeconds(reply.Ttl), time);
    }

    public IAsyncEnumerable<StoreUpdate> FollowAsync(string prefix, CancellationToken cancellation) =>
        new EtcdFollower(this, channels, prefix, log).RunAsync(cancellation);

    internal static StoreEntry Entry(KeyValue kv) => new(kv.Key.ToStringUtf8(), kv.Value.Memory, kv.ModRevision);

    private static TxnRequest Transaction(IReadOnlyList<StoreChange> changes)
    {
        var request = new TxnRequest();
        foreach (var change in changes)
        {
            var key = ByteString.CopyFromUtf8(change.Key);
            if (change.Expected is { } expected)
            {
                request.Compare.Add(new Compare
                {
                    Key = key,
                    Result = Compare.Types.CompareResult.Equal,
                    Target = Compare.Types.CompareTarget.Mod,
                    ModRevision = expected,
                });
            }
            if (change.IsConditionOnly)
                continue;
            request.Success.Add(change.Value is { } value
                ? new RequestOp { RequestPut = new PutRequest { Key = key, Value = ByteString.CopyFrom(value.Span), Lease = change.LeaseId } }
                : new RequestOp { RequestDeleteRange = new DeleteRangeRequest { Key = key } });
        }
        return request;
    }

    private async Task<bool> IsDoneAsync(IReadOnlyList<StoreChange> changes, CancellationToken cancellation)
    {
        foreach (var change in changes.Where(c => !c.IsConditionOnly))
        {
            var now = await GetAsync(change.Key, cancellation);
            if (change.Value is { } value ? now is null || !now.Value.Span.SequenceEqual(value.Span) : now is not null)
                return false;
        }
        return true;
    }
}
