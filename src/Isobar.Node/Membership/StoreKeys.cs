namespace Isobar.Node.Membership;

/// <summary>The keys that Isobar uses in the store.</summary>
public static class StoreKeys
{
    /// <summary>Everything that members follow: nodes and evictions.</summary>
    public const string Roster = "/isobar/roster/";

    /// <summary>Settings of the cluster, one key each.</summary>
    public const string Settings = "/isobar/settings/";

    /// <summary>Held with a lease by the one node that grows and shrinks the store.</summary>
    public const string Keeper = "/isobar/keeper";

    /// <summary>The cluster's own facts, written once.</summary>
    public const string Cluster = "/isobar/cluster";

    private const string NodesPrefix = Roster + "nodes/";
    private const string EvictedPrefix = Roster + "evicted/";

    public static string Node(string name) => NodesPrefix + name;

    public static string Evicted(string name) => EvictedPrefix + name;

    public static string Invite(ReadOnlySpan<byte> id) => "/isobar/invites/" + Convert.ToHexStringLower(id);

    public static bool IsNode(string key) => key.StartsWith(NodesPrefix, StringComparison.Ordinal);

    public static bool IsEvicted(string key) => key.StartsWith(EvictedPrefix, StringComparison.Ordinal);
}
