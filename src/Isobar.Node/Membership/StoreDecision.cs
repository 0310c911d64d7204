using Isobar.Node.Store.Supervision;

namespace Isobar.Node.Membership;

/// <summary>The next step towards the store that the roster wants; null where there is nothing to do.</summary>
internal abstract record StoreDecision
{
    /// <summary>A member of nobody in the roster, or one too many: out.</summary>
    public sealed record Remove(StoreMemberInfo Member, string? Node) : StoreDecision;

    /// <summary>A learner that has its place: start it if need be, and give it its vote when it has caught up.</summary>
    public sealed record Promote(StoreMemberInfo Member, string Node) : StoreDecision;

    /// <summary>A node that shall carry the store, too.</summary>
    public sealed record Add(string Node) : StoreDecision;

    /// <summary>The roster's note of who carries the store is not true.</summary>
    public sealed record Note(string Node, bool IsMember) : StoreDecision;

    /// <summary>
    /// Three members from three nodes on, one below: two would need both for a majority, so a second one only adds a way to stop. Growing from one to three
    /// passes through two, for as long as the third learner needs to catch up. etcd 3.4 takes one learner at a time.
    /// </summary>
    public const int Most = 3;

    /// <param name="roster">Who is in the cluster.</param>
    /// <param name="members">Who carries the store.</param>
    /// <param name="self">The node that decides; it is the last to be taken out.</param>
    /// <param name="isUp">Whether a node answered lately; nobody absent is added.</param>
    /// <param name="peerUrl">Where a node's member of the store listens.</param>
    public static StoreDecision? Next(Roster roster, IReadOnlyList<StoreMemberInfo> members, string self, Func<string, bool> isUp, Func<NodeRecord, string> peerUrl)
    {
        // A member that has not started yet has no name: its URL tells.
        string? NodeOf(StoreMemberInfo member) =>
            roster.Nodes.ContainsKey(member.Name) ? member.Name : roster.Nodes.Values.FirstOrDefault(n => member.Name.Length == 0 && peerUrl(n) == member.PeerUrl)?.Name;

        var carried = members.Select(m => (Member: m, Node: NodeOf(m))).ToList();
        var staying = roster.ByAge.Where(n => !n.IsLeaving).Select(n => n.Name).ToList();
        var wanted = staying.Count >= Most ? Most : Math.Min(1, staying.Count);
        if (wanted == 0)
            return null;
        var voters = carried.Where(c => !c.Member.IsLearner && c.Node is not null).Select(c => c.Node!).ToList();
        var stayingVoters = voters.Where(staying.Contains).ToList();
        // Who was evicted goes first, but never the last vote.
        if (carried.FirstOrDefault(c => c.Node is null && (c.Member.IsLearner || stayingVoters.Count > 0)) is { Member: { } stranger })
            return new Remove(stranger, null);
        if (carried.FirstOrDefault(c => c.Member.IsLearner) is { Member: { } learner, Node: { } learnerNode })
            return stayingVoters.Count < wanted && staying.Contains(learnerNode) && isUp(learnerNode) ? new Promote(learner, learnerNode) : new Remove(learner, learnerNode);
        if (stayingVoters.Count < wanted && staying.FirstOrDefault(n => !voters.Contains(n) && isUp(n)) is { } added)
            return new Add(added);
        if (stayingVoters.Count >= Math.Min(wanted, 1))
        {
            var leaving = voters.FirstOrDefault(v => !staying.Contains(v) && (stayingVoters.Count >= wanted || !staying.Any(n => !voters.Contains(n) && isUp(n))));
            var surplus = leaving ?? (stayingVoters.Count > wanted ? stayingVoters.Where(v => v != self).MaxBy(v => roster.ByAge.TakeWhile(n => n.Name != v).Count()) : null);
            if (surplus is not null)
                return new Remove(carried.First(c => c.Node == surplus).Member, surplus);
        }
        foreach (var node in roster.Nodes.Values)
        {
            if (node.IsStoreMember != voters.Contains(node.Name))
                return new Note(node.Name, !node.IsStoreMember);
        }
        return null;
    }
}
