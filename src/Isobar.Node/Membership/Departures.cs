using System.Text.Json;
using Isobar.Node.Status;
using Isobar.Node.Store;
using Isobar.Protocol.Cluster;

namespace Isobar.Node.Membership;

/// <summary>How members go: by themselves, or sent away.</summary>
internal sealed class Departures(ClusterRuntime runtime, IJobCounts jobs, TimeProvider time)
{
    private static readonly TimeSpan HandingOver = TimeSpan.FromSeconds(60);

    /// <returns>Whether this was the last member.</returns>
    public Task<bool> LeaveAsync(bool force, CancellationToken cancellation) => runtime.ChangeAsync(async () =>
    {
        var cluster = runtime.Require();
        if (!force)
            CheckIdle();
        var isLast = cluster.Roster.Current.Nodes.Keys.All(n => n == cluster.NodeName);
        if (!isLast)
        {
            try
            {
                await HandOverAsync(cluster, cancellation);
            }
            catch (NotAdmittedException)
            {
                // The others know it already: the record is gone, by our own write whose answer was lost, or by an eviction.
            }
            catch (Exception e) when (force && e is StoreUnavailableException or ClusterException && !cancellation.IsCancellationRequested)
            {
                // Leaving by force concerns this machine only; the others evict it.
            }
        }
        await runtime.DeactivateAsync();
        runtime.Folder.Delete();
        return isLast;
    }, cancellation);

    /// <summary>Sends another node away: from this moment nobody talks to it.</summary>
    public async Task EvictAsync(string node, CancellationToken cancellation)
    {
        var cluster = runtime.Require();
        if (node == cluster.NodeName)
            throw new ClusterException("a node does not evict itself: use `isobar cluster leave`.");
        if (await cluster.Store.GetAsync(StoreKeys.Node(node), cancellation) is not { } entry)
            throw new ClusterException($"{node} is no member of this cluster: `isobar nodes` lists the members.");
        var record = NodeRecord.FromJson(entry.Value.Span);
        if (record.IsStoreMember && !cluster.Roster.Current.Nodes.Values.Any(n => n.IsStoreMember && n.Name != node))
            throw new ClusterException($"{node} alone carries the cluster's store: let it leave by itself (`isobar cluster leave` there); if it is lost for good, leave on every machine with --force and make a new cluster.");
        var eviction = new EvictionRecord { Name = node, Fingerprint = record.Fingerprint, By = cluster.NodeName, UnixSeconds = time.GetUtcNow().ToUnixTimeSeconds() };
        var json = JsonSerializer.SerializeToUtf8Bytes(eviction, MembershipJson.Default.EvictionRecord);
        if (!await cluster.Store.TryCommitAsync([new StoreChange(entry.Key, null, entry.Revision), new StoreChange(StoreKeys.Evicted(node), json)], cancellation))
            throw new ClusterException($"the record of {node} changed at the same moment: evict it again.");
        await cluster.Roster.WaitAsync(r => !r.Nodes.ContainsKey(node), cancellation);
    }

    private void CheckIdle()
    {
        if (jobs.HomeJobs > 0)
            throw new ClusterException($"{jobs.HomeJobs} unfinished job(s) have their home here: wait for them or kill them (`isobar ps`), then leave; --force leaves them without a cluster.");
        if (jobs.Guests > 0)
            throw new ClusterException($"{jobs.Guests} job(s) of other nodes run here: send them home (`isobar migrate JOB home`), then leave.");
    }

    /// <summary>Announces the leave, waits until the keeper has taken the store away from here, and takes the record out of the roster.</summary>
    private static async Task HandOverAsync(ActiveCluster cluster, CancellationToken cancellation)
    {
        await WriteAsync(cluster, r => r with { IsLeaving = true }, cancellation);
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            limit.CancelAfter(HandingOver);
            // Also done if somebody evicted this node meanwhile.
            await cluster.Roster.WaitAsync(r => !r.Nodes.TryGetValue(cluster.NodeName, out var self) || (self.IsLeaving && !self.IsStoreMember), limit.Token);
            await WriteAsync(cluster, _ => null, limit.Token);
        }
        catch (OperationCanceledException e)
        {
            await WriteAsync(cluster, r => r with { IsLeaving = false }, default);
            cancellation.ThrowIfCancellationRequested();
            throw new ClusterException($"no other node took over the cluster's store within {HandingOver.TotalSeconds:0} s: is another node up (`isobar nodes`) with etcd installed? Leave again, or by force with --force.", e);
        }
    }

    /// <summary>Changes this node's own record; null removes it.</summary>
    private static async Task WriteAsync(ActiveCluster cluster, Func<NodeRecord, NodeRecord?> change, CancellationToken cancellation)
    {
        while (await cluster.Store.GetAsync(StoreKeys.Node(cluster.NodeName), cancellation) is { } entry)
        {
            var changed = change(NodeRecord.FromJson(entry.Value.Span));
            // Not "changed?.ToJson()": a null array converts to empty memory, not to none.
            var write = changed is null ? new StoreChange(entry.Key, null, entry.Revision) : new StoreChange(entry.Key, changed.ToJson(), entry.Revision);
            if (await cluster.Store.TryCommitAsync([write], cancellation))
                return;
        }
    }
}
