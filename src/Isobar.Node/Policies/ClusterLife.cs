using Isobar.Node.Gossip;
using Isobar.Node.Membership;
using Isobar.Node.Settings;
using MemberRoster = Isobar.Node.Membership.Roster;

namespace Isobar.Node.Policies;

/// <summary>What lives as long as the node's membership in one cluster.</summary>
internal sealed class ClusterLife(ActiveCluster cluster, ILoggerFactory logs, TimeProvider time) : IAsyncDisposable
{
    private HashSet<string> _members = [.. cluster.Roster.Current.Nodes.Values.Select(node => node.Fingerprint)];

    public ActiveCluster Cluster => cluster;

    public GossipKeys Keys { get; } = new(cluster.Store, cluster.Folder, logs.CreateLogger<GossipKeys>(), time);

    public SettingsFollower Settings { get; } = new(cluster.Store, cluster.Folder, logs.CreateLogger<SettingsFollower>());

    public GossipSocket? Socket { get; set; }

    /// <summary>Why there is no socket.</summary>
    public string? Trouble { get; set; }

    /// <summary>Takes the members of a new roster; true when one of the old ones is gone.</summary>
    public bool TakeMembers(MemberRoster roster)
    {
        var now = roster.Nodes.Values.Select(node => node.Fingerprint).ToHashSet();
        var somebodyLeft = !_members.IsSubsetOf(now);
        _members = now;
        return somebodyLeft;
    }

    public async ValueTask DisposeAsync()
    {
        if (Socket is { } socket)
            await socket.DisposeAsync();
        await Keys.DisposeAsync();
        await Settings.DisposeAsync();
    }
}
