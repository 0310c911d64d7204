using Grpc.Core;
using Isobar.Node.Listening;
using Isobar.Node.Membership;
using Isobar.Node.Store.Etcd.Wire;

namespace Isobar.Node.Store.Etcd;

/// <summary>
/// etcd's services at the daemon's port, for members without a store of their own. etcd's client port is open on its machine only, because etcd checks the
/// authority but not the roster; here the roster has been asked before a call arrives.
/// </summary>
internal static class StoreProxy
{
    public static void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGrpcService<KvProxy>().From(Access.Members);
        endpoints.MapGrpcService<LeaseProxy>().From(Access.Members);
        endpoints.MapGrpcService<WatchProxy>().From(Access.Members);
        endpoints.MapGrpcService<ClusterProxy>().From(Access.Members);
    }

    /// <summary>The own member's channel. Only an own one: proxies must not ask each other in circles.</summary>
    public static ChannelBase Channel(ClusterRuntime runtime) =>
        runtime.Current is { HasStoreMember: true } cluster && cluster.OwnStoreChannel is { } channel
            ? channel
            : throw new RpcException(new Grpc.Core.Status(StatusCode.Unavailable, "this node carries no member of the store"));

    public static CallOptions Options(ServerCallContext context) => new(deadline: context.Deadline, cancellationToken: context.CancellationToken);

    /// <summary>Passes a two-way stream on until either side ends.</summary>
    public static async Task RelayAsync<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requests, IServerStreamWriter<TResponse> responses, AsyncDuplexStreamingCall<TRequest, TResponse> call, CancellationToken cancellation)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var upwards = UpAsync();
        try
        {
            await foreach (var response in call.ResponseStream.ReadAllAsync(cancellation))
                await responses.WriteAsync(response, cancellation);
        }
        finally
        {
            // The caller's side may stay open and silent for ever: it must not keep the end from him.
            await end.CancelAsync();
            call.Dispose();
            await upwards;
        }

        async Task UpAsync()
        {
            try
            {
                await foreach (var request in requests.ReadAllAsync(end.Token))
                    await call.RequestStream.WriteAsync(request, end.Token);
                await call.RequestStream.CompleteAsync();
            }
            catch (Exception e) when (e is RpcException or OperationCanceledException or InvalidOperationException or IOException or ObjectDisposedException)
            {
                // The other direction tells the caller how it ended.
            }
        }
    }
}

internal sealed class KvProxy(ClusterRuntime runtime) : KV.KVBase
{
    public override async Task<RangeResponse> Range(RangeRequest request, ServerCallContext context) =>
        await new KV.KVClient(StoreProxy.Channel(runtime)).RangeAsync(request, StoreProxy.Options(context));

    public override async Task<TxnResponse> Txn(TxnRequest request, ServerCallContext context) =>
        await new KV.KVClient(StoreProxy.Channel(runtime)).TxnAsync(request, StoreProxy.Options(context));
}

internal sealed class LeaseProxy(ClusterRuntime runtime) : Lease.LeaseBase
{
    public override async Task<LeaseGrantResponse> LeaseGrant(LeaseGrantRequest request, ServerCallContext context) =>
        await new Lease.LeaseClient(StoreProxy.Channel(runtime)).LeaseGrantAsync(request, StoreProxy.Options(context));

    public override async Task<LeaseRevokeResponse> LeaseRevoke(LeaseRevokeRequest request, ServerCallContext context) =>
        await new Lease.LeaseClient(StoreProxy.Channel(runtime)).LeaseRevokeAsync(request, StoreProxy.Options(context));

    public override Task LeaseKeepAlive(IAsyncStreamReader<LeaseKeepAliveRequest> requestStream, IServerStreamWriter<LeaseKeepAliveResponse> responseStream, ServerCallContext context) =>
        StoreProxy.RelayAsync(requestStream, responseStream, new Lease.LeaseClient(StoreProxy.Channel(runtime)).LeaseKeepAlive(StoreProxy.Options(context)), context.CancellationToken);
}

internal sealed class WatchProxy(ClusterRuntime runtime) : Watch.WatchBase
{
    public override Task Watch(IAsyncStreamReader<WatchRequest> requestStream, IServerStreamWriter<WatchResponse> responseStream, ServerCallContext context) =>
        StoreProxy.RelayAsync(requestStream, responseStream, new Wire.Watch.WatchClient(StoreProxy.Channel(runtime)).Watch(StoreProxy.Options(context).WithHeaders(EtcdFollower.RequireLeader)), context.CancellationToken);
}

internal sealed class ClusterProxy(ClusterRuntime runtime) : Cluster.ClusterBase
{
    private Cluster.ClusterClient Own => new(StoreProxy.Channel(runtime));

    public override async Task<MemberListResponse> MemberList(MemberListRequest request, ServerCallContext context) => await Own.MemberListAsync(request, StoreProxy.Options(context));

    public override async Task<MemberAddResponse> MemberAdd(MemberAddRequest request, ServerCallContext context) => await Own.MemberAddAsync(request, StoreProxy.Options(context));

    public override async Task<MemberPromoteResponse> MemberPromote(MemberPromoteRequest request, ServerCallContext context) => await Own.MemberPromoteAsync(request, StoreProxy.Options(context));

    public override async Task<MemberRemoveResponse> MemberRemove(MemberRemoveRequest request, ServerCallContext context) => await Own.MemberRemoveAsync(request, StoreProxy.Options(context));
}
