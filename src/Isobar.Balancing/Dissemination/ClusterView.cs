using Isobar.Balancing.Load;

namespace Isobar.Balancing.Dissemination;

/// <summary>
/// The load vector of one node: at most <see cref="Capacity"/> entries of other nodes, one per node, newest news wins. When it is full,
/// a new node takes the place of the oldest entry (by stamp, or by arrival if <see cref="IsFifo"/>).
/// </summary>
/// <remarks>
/// Starts small and grows to the capacity. Up to 16 entries are searched in a row; beyond that an index is kept, so a merge
/// is O(1) except when the victim must be found. What is searched for, nodes and stamps, lies beside the entries in rows of its own: a
/// search then reads one to three lines of the cache, not one for every entry.
/// </remarks>
public sealed partial class ClusterView
{
    private const int Linear = 16;

    private readonly bool _repeats;
    private LoadEntry[] _entries;
    private int[] _nodes;
    private long[] _stamps;
    private Dictionary<NodeId, int>? _index;
    private int _next;

    /// <param name="capacity">The most entries, at least 1.</param>
    /// <param name="fifo">True: new news overwrites what came in first (openMosix); false: what was measured first.</param>
    /// <param name="repeats">
    /// True: a plain FIFO, in which a node that is heard again takes a further slot and its old news stays until it is overwritten;
    /// only with <paramref name="fifo"/> and at most 16 entries.
    /// </param>
    public ClusterView(int capacity, bool fifo = false, bool repeats = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        if (repeats && (!fifo || capacity > Linear))
            throw new ArgumentException($"Only a FIFO of at most {Linear} entries holds a node twice.", nameof(repeats));
        _repeats = repeats;
        Capacity = capacity;
        IsFifo = fifo;
        int room = Math.Min(capacity, Linear);
        _entries = new LoadEntry[room];
        _nodes = new int[room];
        _stamps = new long[room];
    }

    public int Capacity { get; }

    public bool IsFifo { get; }

    public int Count { get; private set; }

    /// <summary>The entries in no particular order; valid until the next change.</summary>
    public ReadOnlySpan<LoadEntry> Entries => _entries.AsSpan(0, Count);

    public ref readonly LoadEntry this[int index] => ref Entries[index];

    /// <summary>
    /// Reads a word of everything that a merge will look at, so that it is in the processor's cache when that comes: a simulator of a million nodes
    /// knows ahead whose turn it will be. The number means nothing.
    /// </summary>
    public long Touch()
    {
        long sum = _nodes[0] + _stamps[0] + _stamps[^1];
        foreach (ref readonly LoadEntry entry in Entries)
            sum += entry.Sequence;
        return sum;
    }

    /// <summary>Index of a node's entry (its newest one), or -1.</summary>
    public int IndexOf(NodeId node)
    {
        if (_index is not null)
            return _index.TryGetValue(node, out int found) ? found : -1;
        if (!_repeats)
            return _nodes.AsSpan(0, Count).IndexOf(node.Value);
        int newest = -1;
        for (int i = 0; i < Count; i++)
        {
            if (_entries[i].Node != node)
                continue;
            if (newest < 0 || _entries[i].IsNewerThan(in _entries[newest]))
                newest = i;
        }

        return newest;
    }

    public bool TryGet(NodeId node, out LoadEntry entry)
    {
        int index = IndexOf(node);
        entry = index < 0 ? default : _entries[index];
        return index >= 0;
    }

    /// <summary>Takes the entry in if it is news: of an unknown node, or newer than the known one. Returns whether it was.</summary>
    public bool Merge(in LoadEntry entry)
    {
        int index = IndexOf(entry.Node);
        if (index >= 0)
        {
            if (!entry.IsNewerThan(in _entries[index]))
                return false;
            if (_repeats)
                index = Slot(in entry);
            Put(index, in entry);
        }
        else
        {
            index = Slot(in entry);
            if (index < 0)
                return false;
            Put(index, in entry);
            _index?.Add(entry.Node, index);
        }

        if (_chargeCount > 0)
            Recharge(ref _entries[index]);
        return true;
    }

    /// <summary>Forgets a node.</summary>
    public bool Remove(NodeId node)
    {
        int index = IndexOf(node);
        if (index < 0)
            return false;
        _index?.Remove(node);
        int last = --Count;
        if (index != last)
        {
            Put(index, in _entries[last]);
            if (_index is not null)
                _index[_entries[index].Node] = index;
        }

        return true;
    }

    public void Clear()
    {
        Count = 0;
        _next = 0;
        _chargeCount = 0;
        _index?.Clear();
    }

    /// <summary>
    /// Sets flags of a known node, for example that it is believed dead, without making its entry newer.
    /// </summary>
    public void SetFlags(NodeId node, NodeFlags flags)
    {
        int index = IndexOf(node);
        if (index >= 0)
            _entries[index].Flags = flags;
    }

    private void Put(int index, in LoadEntry entry)
    {
        _entries[index] = entry;
        _nodes[index] = entry.Node.Value;
        _stamps[index] = entry.Stamp.Nanoseconds;
    }

    private int Slot(in LoadEntry entry)
    {
        if (Count < Capacity)
        {
            if (Count == _entries.Length)
                Grow(Math.Min(Capacity, Count * 2));
            if (Count == Linear && _index is null)
            {
                _index = new Dictionary<NodeId, int>(Linear * 2);
                for (int i = 0; i < Count; i++)
                    _index.Add(_entries[i].Node, i);
            }

            return Count++;
        }

        int victim;
        if (IsFifo)
        {
            victim = _next;
            _next = _next + 1 == Capacity ? 0 : _next + 1;
        }
        else
        {
            victim = Oldest();
            if (_entries[victim].Stamp >= entry.Stamp)
                return -1;
        }

        _index?.Remove(_entries[victim].Node);
        return victim;
    }

    private void Grow(int room)
    {
        Array.Resize(ref _entries, room);
        Array.Resize(ref _nodes, room);
        Array.Resize(ref _stamps, room);
    }

    private int Oldest()
    {
        ReadOnlySpan<long> stamps = _stamps.AsSpan(0, Count);
        int oldest = 0;
        long least = stamps[0];
        for (int i = 1; i < stamps.Length; i++)
        {
            if (stamps[i] < least)
                (oldest, least) = (i, stamps[i]);
        }

        return oldest;
    }
}
