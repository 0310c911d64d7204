using Isobar.Balancing.Load;
using Isobar.Node.Load;
using Isobar.Node.Membership;
using Isobar.Node.Policies;
using Isobar.Node.Status;
using Isobar.Protocol.Cluster;

namespace Isobar.Node.Jobs;

/// <summary>What this daemon knows of the nodes when a user wants the best one: the newest that gossip or a call told of each.</summary>
internal sealed class PlacementView(ClusterRuntime runtime, OwnStatus own, LivePolicies policies, IPlacement placement)
{
    public const string Best = "best";

    /// <summary>Older gossip says less than the status that a node was last asked for.</summary>
    private const double FreshSeconds = 10;

    /// <summary>The node that <paramref name="wish"/> names: a node's name, <c>home</c>, <c>best</c>, or nothing for the best.</summary>
    /// <exception cref="JobException">There is no such member.</exception>
    public string Resolve(string wish, string home)
    {
        if (wish is "home")
            return home;
        if (wish is "" or Best)
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
        var closed = Told(nodes);
        foreach (var name in cluster.Roster.Current.Nodes.Keys)
        {
            if (closed.Contains(name) || nodes.Exists(node => node.Name == name))
                continue;
            if (name == cluster.NodeName)
                nodes.Add(Of(name, own.Read(name, cluster.StoreRole)));
            else if (cluster.Statuses.Of(name) is { IsUp: true, Status: { } status })
                nodes.Add(Of(name, status));
        }

        // Every node is drained: then it stays at home.
        if (nodes.Count == 0)
            nodes.Add(Of(cluster.NodeName, own.Read(cluster.NodeName, cluster.StoreRole)));
        return nodes;
    }

    /// <summary>Adds what dissemination told lately, and returns the nodes that take nothing.</summary>
    private HashSet<string> Told(List<PlacementNode> nodes)
    {
        var closed = new HashSet<string>();
        if (policies.Set is not { } set || policies.Known() is not var (self, others))
            return closed;
        var now = MachineLoad.Now;
        foreach (var entry in (LoadEntry[])[self, .. others])
        {
            var name = set.Numbers.NameOf(entry.Node);
            // Closed to guests is not closed to what its own users start.
            if (entry.Has(entry.Node == set.Numbers.Self ? NodeFlags.Leaving : NodeFlags.Blocked | NodeFlags.Leaving | NodeFlags.Dead | NodeFlags.Reserved))
                closed.Add(name);
            else if (entry.Age(now) < FreshSeconds)
                nodes.Add(new PlacementNode(name, entry.Cores, (int)(entry.Capacity / Math.Max(1, (int)entry.Cores) * 1000), entry.Ready, entry.FreeMemoryBytes));
        }

        return closed;
    }

    private static PlacementNode Of(string name, NodeStatus status) =>
        new(name, status.Cores, status.Speed, status.Load, status.MemoryFreeBytes);
}
