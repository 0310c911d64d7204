using System.Collections.Immutable;
using System.Text.Json;
using Isobar.Node.Store;

namespace Isobar.Node.Membership;

/// <summary>The members of the cluster at one revision of the store. Immutable: readers take one and keep it as long as they reason.</summary>
/// <param name="Revision">The store's revision; 0 before the store was ever read.</param>
/// <param name="Nodes">By name.</param>
/// <param name="Evicted">Names that were sent away, by name.</param>
/// <param name="IsCached">It comes from this node's disk and the store has not confirmed it since the daemon started.</param>
public sealed record Roster(long Revision, ImmutableSortedDictionary<string, NodeRecord> Nodes, ImmutableSortedDictionary<string, EvictionRecord> Evicted, bool IsCached)
{
    public static Roster Empty { get; } = new(0, Sorted<NodeRecord>(), Sorted<EvictionRecord>(), true);

    /// <summary>Members in the order in which they joined, the order in which they are asked to carry the store.</summary>
    public IEnumerable<NodeRecord> ByAge => Nodes.Values.OrderBy(n => n.JoinedUnixSeconds).ThenBy(n => n.Name, StringComparer.Ordinal);

    public Roster Apply(StoreUpdate update)
    {
        var nodes = (update.IsWhole ? Sorted<NodeRecord>() : Nodes).ToBuilder();
        var evicted = (update.IsWhole ? Sorted<EvictionRecord>() : Evicted).ToBuilder();
        foreach (var entry in update.Entries)
        {
            var name = entry.Key[(entry.Key.LastIndexOf('/') + 1)..];
            if (StoreKeys.IsNode(entry.Key))
                Set(nodes, name, entry.Value is { } value ? NodeRecord.FromJson(value.Span) : null);
            else if (StoreKeys.IsEvicted(entry.Key))
                Set(evicted, name, entry.Value is { } value ? JsonSerializer.Deserialize(value.Span, MembershipJson.Default.EvictionRecord) : null);
        }
        return new Roster(update.Revision, nodes.ToImmutable(), evicted.ToImmutable(), false);
    }

    public RosterCache ToCache() => new() { Revision = Revision, Nodes = [.. Nodes.Values], Evicted = [.. Evicted.Values] };

    public static Roster FromCache(RosterCache cache) => new(
        cache.Revision,
        cache.Nodes.ToImmutableSortedDictionary(n => n.Name, n => n, StringComparer.Ordinal),
        cache.Evicted.ToImmutableSortedDictionary(n => n.Name, n => n, StringComparer.Ordinal),
        true);

    private static ImmutableSortedDictionary<string, T> Sorted<T>() => ImmutableSortedDictionary.Create<string, T>(StringComparer.Ordinal);

    private static void Set<T>(ImmutableSortedDictionary<string, T>.Builder map, string name, T? value)
        where T : class
    {
        if (value is null)
            map.Remove(name);
        else
            map[name] = value;
    }
}
