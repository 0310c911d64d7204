using Grpc.Core;
using Isobar.Node.Membership;
using Isobar.Node.Status;
using Isobar.Node.Store.Supervision;
using Isobar.Protocol.Cluster;
using Isobar.Protocol.Naming;

namespace Isobar.Node.Services;

/// <summary>What members ask each other.</summary>
internal sealed class MembershipService(ClusterRuntime runtime, OwnStatus status, JoinSigner signer) : Isobar.Protocol.Cluster.Membership.MembershipBase
{
    public override Task<NodeStatus> Status(StatusRequest request, ServerCallContext context)
    {
        var cluster = runtime.Require();
        return Task.FromResult(status.Read(cluster.NodeName, cluster.StoreRole));
    }

    public override Task<JoinReply> Sign(JoinRequest request, ServerCallContext context)
    {
        var cluster = runtime.Require();
        // Not HandleAsync: a request goes on once, not round and round.
        return cluster.Folder.HasAuthority
            ? signer.SignAsync(cluster, request, context.CancellationToken)
            : throw new RpcException(new Grpc.Core.Status(StatusCode.Unavailable, "this node has not the authority's key any more"));
    }

    public override Task<PrepareStoreMemberReply> PrepareStoreMember(PrepareStoreMemberRequest request, ServerCallContext context)
    {
        var cluster = runtime.Require();
        if (cluster.Facts.ExternalStore.Length == 0 && EtcdProgram.Find() is null)
            throw new ClusterException($"etcd is not installed on {cluster.NodeName}: install Debian's etcd-server there, so that the store survives the loss of a machine.");
        cluster.Folder.SaveAuthorityKey(request.AuthorityKeyPem);
        return Task.FromResult(new PrepareStoreMemberReply { PeerUrl = StorePlan.PeerUrl(OwnAddress(cluster)) });
    }

    public override async Task<StartStoreMemberReply> StartStoreMember(StartStoreMemberRequest request, ServerCallContext context)
    {
        var cluster = runtime.Require();
        var plan = new StorePlan(cluster.NodeName, OwnAddress(cluster), cluster.Facts.Id, request.InitialCluster, false);
        if (cluster.HasStoreMember && StoreMember.LoadPlan(cluster.Folder.Store) == plan)
            return new StartStoreMemberReply();
        using var authority = cluster.Folder.LoadAuthority();
        await cluster.StartStoreMemberAsync(plan, authority);
        return new StartStoreMemberReply();
    }

    public override async Task<StopStoreMemberReply> StopStoreMember(StopStoreMemberRequest request, ServerCallContext context)
    {
        await runtime.Require().RemoveStoreMemberAsync();
        return new StopStoreMemberReply();
    }

    private static NodeAddress OwnAddress(ActiveCluster cluster) => cluster.Roster.Current.Nodes.TryGetValue(cluster.NodeName, out var self)
        ? NodeAddress.Parse(self.Address)
        : throw new ClusterException($"{cluster.NodeName} is not in the roster: it left or was evicted.");
}
