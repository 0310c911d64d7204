using Grpc.Core;
using Isobar.Node.Store.Etcd;
using Isobar.Node.Store.Etcd.Wire;

namespace Isobar.Node.Store.Supervision;

/// <summary>A member of the store as the store itself knows it.</summary>
/// <param name="Id">etcd's number of it.</param>
/// <param name="Name">The node's name; empty until the member has started for the first time.</param>
/// <param name="PeerUrl">Where the other members reach it.</param>
/// <param name="IsLearner">It receives everything but has no vote yet.</param>
internal sealed record StoreMemberInfo(ulong Id, string Name, string PeerUrl, bool IsLearner);

/// <summary>Changes who carries the store (etcd's Cluster service). etcd itself refuses a change that would cost it its majority (strict-reconfig-check).</summary>
internal sealed class StoreMembers(EtcdChannels channels)
{
    public async Task<IReadOnlyList<StoreMemberInfo>> ListAsync(CancellationToken cancellation)
    {
        var reply = await channels.CallAsync((c, o) => new Cluster.ClusterClient(c).MemberListAsync(new MemberListRequest(), o), null, cancellation);
        return [.. reply.Members.Select(m => new StoreMemberInfo(m.Id, m.Name, m.PeerUrls.FirstOrDefault() ?? string.Empty, m.IsLearner))];
    }

    /// <returns>False while etcd refuses because members have not been connected for its five seconds of probation ("unhealthy cluster").</returns>
    public async Task<bool> TryAddLearnerAsync(string peerUrl, CancellationToken cancellation)
    {
        var request = new MemberAddRequest { PeerUrls = { peerUrl }, IsLearner = true };
        try
        {
            await channels.CallAsync((c, o) => new Cluster.ClusterClient(c).MemberAddAsync(request, o), null, cancellation);
            return true;
        }
        catch (StoreUnavailableException e) when (e.InnerException is RpcException { Status.Detail: var detail } && detail.Contains("unhealthy cluster", StringComparison.Ordinal))
        {
            return false;
        }
    }

    /// <returns>False while the learner is still behind (etcd: "can only promote a learner member which is in sync with leader").</returns>
    public async Task<bool> TryPromoteAsync(ulong id, CancellationToken cancellation)
    {
        try
        {
            await channels.CallAsync((c, o) => new Cluster.ClusterClient(c).MemberPromoteAsync(new MemberPromoteRequest { Id = id }, o), null, cancellation);
            return true;
        }
        catch (RpcException e) when (e.StatusCode is StatusCode.FailedPrecondition or StatusCode.NotFound)
        {
            return false;
        }
    }

    public async Task RemoveAsync(ulong id, CancellationToken cancellation)
    {
        try
        {
            await channels.CallAsync((c, o) => new Cluster.ClusterClient(c).MemberRemoveAsync(new MemberRemoveRequest { Id = id }, o), null, cancellation);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            // Removed by an attempt whose answer was lost.
        }
    }
}
