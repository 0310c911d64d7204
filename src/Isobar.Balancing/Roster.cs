namespace Isobar.Balancing;

/// <summary>
/// The members of the cluster as one node may address them, and the groups that they form (a rack, a site, an owner's cluster).
/// Immutable: on a change the host makes a new one and gives it to its protocol. One object serves all the nodes of a simulation.
/// </summary>
public abstract class Roster
{
    public abstract int Count { get; }

    public abstract int GroupCount { get; }

    public abstract NodeId this[int index] { get; }

    /// <summary>The index of a member, or -1.</summary>
    public abstract int IndexOf(NodeId node);

    /// <summary>The group of a member, 0..GroupCount-1, or -1 for a stranger.</summary>
    public abstract int GroupOf(NodeId node);

    public abstract int GroupSize(int group);

    /// <summary>The members of a group in the order of the roster; number 0 is its leader while it is alive.</summary>
    public abstract NodeId GroupMember(int group, int index);

    /// <summary>A random member other than <paramref name="self"/>; <see cref="NodeId.None"/> when there is none.</summary>
    public NodeId RandomOther(NodeId self, ref RandomSource random)
    {
        int own = IndexOf(self);
        int others = own < 0 ? Count : Count - 1;
        if (others <= 0)
            return NodeId.None;
        int pick = random.NextInt(others);
        return this[own >= 0 && pick >= own ? pick + 1 : pick];
    }
}

/// <summary>Nodes 0..count-1 in groups of consecutive numbers: no memory per node, for simulations of any size.</summary>
public sealed class RangeRoster : Roster
{
    private readonly int _groupSize;

    /// <param name="count">Number of nodes, at least 1.</param>
    /// <param name="groupSize">Nodes per group, at least 1; by default one group of all.</param>
    public RangeRoster(int count, int groupSize = int.MaxValue)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(groupSize);
        Count = count;
        _groupSize = Math.Min(groupSize, count);
        GroupCount = (count + _groupSize - 1) / _groupSize;
    }

    public override int Count { get; }

    public override int GroupCount { get; }

    public override NodeId this[int index] => new(index);

    public override int IndexOf(NodeId node) => (uint)node.Value < (uint)Count ? node.Value : -1;

    public override int GroupOf(NodeId node) => IndexOf(node) < 0 ? -1 : node.Value / _groupSize;

    public override int GroupSize(int group) => Math.Min(_groupSize, Count - group * _groupSize);

    public override NodeId GroupMember(int group, int index) => new(group * _groupSize + index);
}

/// <summary>Members by list, as the daemon has them from its roster; their numbers may have gaps.</summary>
public sealed class ListRoster : Roster
{
    private readonly NodeId[] _members;
    private readonly int[] _groups;
    private readonly NodeId[][] _byGroup;
    private readonly Dictionary<NodeId, int> _index;

    /// <param name="members">Every member with its group; groups are numbered from 0 without a gap.</param>
    public ListRoster(IReadOnlyList<(NodeId Node, int Group)> members)
    {
        ArgumentNullException.ThrowIfNull(members);
        _members = new NodeId[members.Count];
        _groups = new int[members.Count];
        _index = new Dictionary<NodeId, int>(members.Count);
        var byGroup = new List<List<NodeId>>();
        for (int i = 0; i < members.Count; i++)
        {
            (NodeId node, int group) = members[i];
            ArgumentOutOfRangeException.ThrowIfNegative(group, nameof(members));
            if (!_index.TryAdd(node, i))
                throw new ArgumentException($"Node {node} is twice in the roster; give every machine a number of its own.", nameof(members));
            _members[i] = node;
            _groups[i] = group;
            while (byGroup.Count <= group)
                byGroup.Add([]);
            byGroup[group].Add(node);
        }

        _byGroup = new NodeId[byGroup.Count][];
        for (int g = 0; g < _byGroup.Length; g++)
            _byGroup[g] = [.. byGroup[g]];
    }

    public override int Count => _members.Length;

    public override int GroupCount => _byGroup.Length;

    public override NodeId this[int index] => _members[index];

    public override int IndexOf(NodeId node) => _index.TryGetValue(node, out int index) ? index : -1;

    public override int GroupOf(NodeId node) => _index.TryGetValue(node, out int index) ? _groups[index] : -1;

    public override int GroupSize(int group) => _byGroup[group].Length;

    public override NodeId GroupMember(int group, int index) => _byGroup[group][index];
}
