using Isobar.Node.Membership;
using Isobar.Node.Status;
using Isobar.Protocol.Cluster;

namespace Isobar.Node.Jobs;

/// <summary>What this daemon knows of the nodes when it has to choose one.</summary>
public sealed class PlacementView(ClusterRuntime runtime, OwnStatus own, IPlacement placement)
{
    /// <summary>The node that <paramref name="wish"/> names: a node's name, <c>home</c>, <c>best</c>, or nothing for the best.</summary>
    /// <exception cref="JobException">There is no such member.</exception>
    public string Resolve(string wish, string home)
    {
        if (wish is "home")
            return home;
        if (wish is "" or "best")
            return runtime.Current is { } cluster ? placement.Choose(Nodes(cluster), home) : home;
        if (wish == runtime.NodeName)
            return wish;
        if (!runtime.Require().Roster.Current.Nodes.ContainsKey(wish))
            throw new JobException($"{wish} is no member of this cluster: isobar nodes lists the members.");
        return wish;
    }

    /// <summary>Where a node's daemon listens.</summary>
    public string AddressOf(string node) =>
        runtime.Require().Roster.Current.Nodes.TryGetValue(node, out var record) ? record.Address : throw new JobException($"{node} is no member of this cluster: isobar nodes lists the members.");

    private List<PlacementNode> Nodes(ActiveCluster cluster)
    {
        var nodes = new List<PlacementNode>();
        foreach (var name in cluster.Roster.Current.Nodes.Keys)
        {
            if (name == cluster.NodeName)
                nodes.Add(Of(name, own.Read(name, cluster.StoreRole)));
            else if (cluster.Statuses.Of(name) is { IsUp: true, Status: { } status })
                nodes.Add(Of(name, status));
        }

        return nodes;
    }

    private static PlacementNode Of(string name, NodeStatus status) =>
        new(name, status.Cores, status.Speed, status.Load, status.MemoryFreeBytes);
}
