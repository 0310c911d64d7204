using Grpc.Core;
using Isobar.Node.Listening;
using Isobar.Node.Membership;
using Isobar.Node.Status;
using Isobar.Protocol.Cluster;

namespace Isobar.Node.Services;

/// <summary>The cluster part of what the command asks its daemon. Anybody may look; only root changes.</summary>
internal sealed class LocalClusterService(
    ClusterRuntime runtime, OwnStatus status, ClusterFounder founder, Inviter inviter, ClusterJoiner joiner, Departures departures) : LocalCluster.LocalClusterBase
{
    public override Task<PingReply> Ping(PingRequest request, ServerCallContext context) => Task.FromResult(new PingReply
    {
        Version = OwnStatus.Version,
        Node = runtime.NodeName,
        ClusterName = runtime.Current?.Facts.Name ?? string.Empty,
        ProcessId = Environment.ProcessId,
    });

    public override async Task<CreateClusterReply> Create(CreateClusterRequest request, ServerCallContext context)
    {
        OnlyRoot(context);
        var cluster = await founder.CreateAsync(request.Name.Length == 0 ? "isobar" : request.Name, context.CancellationToken);
        return new CreateClusterReply { ClusterName = cluster.Facts.Name, Node = cluster.NodeName, Address = cluster.Roster.Current.Nodes[cluster.NodeName].Address };
    }

    public override async Task<InviteReply> Invite(InviteRequest request, ServerCallContext context)
    {
        OnlyRoot(context);
        var (address, token, expires) = await inviter.InviteAsync(TimeSpan.FromSeconds(request.TtlSeconds), context.CancellationToken);
        return new InviteReply { Address = address, Token = token.ToString(), ExpiresUnixSeconds = expires.ToUnixTimeSeconds() };
    }

    public override async Task<JoinClusterReply> Join(JoinClusterRequest request, ServerCallContext context)
    {
        OnlyRoot(context);
        var cluster = await joiner.JoinAsync(request.Address, request.Token, context.CancellationToken);
        return new JoinClusterReply { ClusterName = cluster.Facts.Name, Node = cluster.NodeName, Members = cluster.Roster.Current.Nodes.Count };
    }

    public override async Task<LeaveClusterReply> Leave(LeaveClusterRequest request, ServerCallContext context)
    {
        OnlyRoot(context);
        var cluster = runtime.Require();
        var (name, node) = (cluster.Facts.Name, cluster.NodeName);
        var wasLast = await departures.LeaveAsync(request.Force, context.CancellationToken);
        return new LeaveClusterReply { ClusterName = name, Node = node, WasLast = wasLast };
    }

    public override async Task<EvictReply> Evict(EvictRequest request, ServerCallContext context)
    {
        OnlyRoot(context);
        await departures.EvictAsync(request.Node, context.CancellationToken);
        return new EvictReply();
    }

    public override async Task<NodesReply> Nodes(NodesRequest request, ServerCallContext context)
    {
        var cluster = runtime.Require();
        var answers = await cluster.Statuses.AskAllAsync(context.CancellationToken);
        var roster = cluster.Roster.Current;
        var reply = new NodesReply { ClusterName = cluster.Facts.Name, RosterIsCached = roster.IsCached };
        foreach (var node in roster.Nodes.Values)
        {
            var isSelf = node.Name == cluster.NodeName;
            var known = cluster.Statuses.Of(node.Name);
            var now = isSelf ? status.Read(node.Name, cluster.StoreRole) : answers.GetValueOrDefault(node.Name);
            reply.Nodes.Add(new NodeLine
            {
                Name = node.Name,
                Address = node.Address,
                IsSelf = isSelf,
                State = now is null ? "unreachable" : node.IsLeaving ? "leaving" : "up",
                LastSeenSeconds = now is not null ? 0 : known.LastSeen?.TotalSeconds ?? -1,
                Status = now ?? known.Status,
                JoinedUnixSeconds = node.JoinedUnixSeconds,
            });
        }
        return reply;
    }

    private static void OnlyRoot(ServerCallContext context)
    {
        var caller = context.GetHttpContext().Features.Get<PeerCredentials>();
        if (caller is not { IsRoot: true })
            throw new ClusterException("only root changes the cluster: run the command with sudo.");
    }
}
