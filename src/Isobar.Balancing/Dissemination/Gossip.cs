using Isobar.Balancing.Load;

namespace Isobar.Balancing.Dissemination;

/// <summary>
/// MOSIX2's gossip: each step a node sends its own entry and a window of the newest others to one random node; the newest news wins at the
/// receiver [systems.md A2b: gossipAlgo.c, infoVec.c, infod.h]. Mostly alive nodes are chosen, at times any node, so that
/// the dead are found again. Urgent news (somebody died, a load jumped) goes before newer news for a number of sends.
/// </summary>
public sealed class Gossip : DisseminationProtocol
{
    // 4 KiB: a window lives for one call only, and a million simulated nodes need not keep one each.
    private const int OnStack = 64;

    private readonly GossipSettings _settings;
    private readonly UrgentList _urgent = new();
    private LoadEntry[]? _large;
    private int _plannedFor = -1;
    private int _windowCount;
    private double _period;
    private int _alive;
    private bool _pullNext;
    private bool _toldFree;

    public Gossip(NodeId self, Roster roster, GossipSettings settings)
        : base(self, roster, new ClusterView(Math.Min(settings.Vector, Math.Max(1, roster.Count - 1))))
    {
        _settings = settings;
    }

    public override string Name => "gossip";

    public override double PeriodSeconds
    {
        get
        {
            Plan();
            return _period;
        }
    }

    /// <summary>Entries per message with the present roster.</summary>
    public int Window
    {
        get
        {
            Plan();
            return _windowCount;
        }
    }

    /// <summary>Sends for which urgent news goes first: trunc(1.386 * log2 N), 8 for 64 nodes, 11 for 256.</summary>
    public static int UrgentSends(int nodes) => (int)(1.386 * Math.Log2(Math.Max(1, nodes)));

    public override void OnTick(Instant now, ref RandomSource random, IOutbox outbox)
    {
        if (!HasOwn)
            return;
        Plan();
        FindDead(now);
        if (_settings.PushPull && _pullNext)
        {
            _pullNext = false;
            NodeId oldest = OldestAlive(now);
            if (!oldest.IsNone)
            {
                LoadEntry own = Own;
                outbox.Send(oldest, new LoadMessage(MessageKind.Pull, new ReadOnlySpan<LoadEntry>(in own)));
                return;
            }
        }

        _pullNext = true;
        Span<LoadEntry> room = _windowCount <= OnStack ? stackalloc LoadEntry[_windowCount] : _large ??= new LoadEntry[_windowCount];
        int sends = 1 + (HasTurned() ? _settings.ChangeFanout : 0);
        for (int i = 0; i < sends; i++)
        {
            NodeId target = Choose(ref random);
            if (!target.IsNone)
                outbox.Send(target, new LoadMessage(MessageKind.Push, FillWindow(now, room)));
        }
    }

    // Whether a core is free is what others decide by: that is the news that must not wait.
    private bool HasTurned()
    {
        bool free = Own.Ready < Own.Cores;
        bool turned = free != _toldFree;
        _toldFree = free;
        return turned;
    }

    public override void OnMessage(Instant now, NodeId from, in LoadMessage message, ref RandomSource random, IOutbox outbox)
    {
        Plan();
        foreach (ref readonly LoadEntry entry in message.Entries)
            Take(now, in entry);
        if (message.Kind == MessageKind.Pull && HasOwn)
        {
            Span<LoadEntry> room = _windowCount <= OnStack ? stackalloc LoadEntry[_windowCount] : _large ??= new LoadEntry[_windowCount];
            outbox.Send(from, new LoadMessage(MessageKind.Reply, FillWindow(now, room)));
        }
    }

    private void Plan()
    {
        if (_plannedFor == Roster.Count)
            return;
        _plannedFor = Roster.Count;
        _large = null;
        (_windowCount, _period) = _settings.WantedMeanAgeSeconds > 0
            ? GossipAge.For(Roster.Count, _settings.WantedMeanAgeSeconds, _settings.PeriodSeconds, _settings.MaxWindow)
            : (_settings.Window, _settings.PeriodSeconds);
    }

    private void Take(Instant now, in LoadEntry entry)
    {
        if (entry.Node == Self)
            return;
        if (entry.Has(NodeFlags.Dead))
        {
            int index = View.IndexOf(entry.Node);
            // News of a death beats equal news of a life, not later news.
            if (index >= 0 && !View[index].IsNewerThan(in entry) && !View[index].Has(NodeFlags.Dead))
            {
                View.SetFlags(entry.Node, View[index].Flags | NodeFlags.Dead);
                _urgent.Add(entry.Node, UrgentSends(Roster.Count));
            }

            return;
        }

        double age = entry.Age(now);
        if (age > _settings.MaxAgeSeconds || age < 0)
            return;
        bool jumped = _settings.UrgentChange > 0 && HasJumped(in entry);
        if (View.Merge(in entry) && jumped)
            _urgent.Add(entry.Node, UrgentSends(Roster.Count));
    }

    private bool HasJumped(in LoadEntry entry)
    {
        int index = View.IndexOf(entry.Node);
        return index >= 0 && Math.Abs(entry.Ready - View[index].Ready) >= _settings.UrgentChange && entry.IsNewerThan(View[index]);
    }

    private void FindDead(Instant now)
    {
        ReadOnlySpan<LoadEntry> entries = View.Entries;
        _alive = 0;
        for (int i = 0; i < entries.Length; i++)
        {
            if (entries[i].Has(NodeFlags.Dead))
                continue;
            if (entries[i].Age(now) <= _settings.MaxAgeSeconds)
            {
                _alive++;
                continue;
            }

            View.SetFlags(entries[i].Node, entries[i].Flags | NodeFlags.Dead);
            _urgent.Add(entries[i].Node, UrgentSends(Roster.Count));
        }
    }

    private NodeId Choose(ref RandomSource random)
    {
        // A vector that holds only a part of a large cluster must not become the circle of its friends: then any node is chosen.
        bool any = _settings.AnyNode || View.Capacity < Roster.Count - 1 || random.NextInt(Math.Max(_alive, _settings.AnyOneIn)) == 0;
        NodeId chosen = any ? NodeId.None : RandomAlive(ref random);
        return chosen.IsNone ? Roster.RandomOther(Self, ref random) : chosen;
    }

    private NodeId RandomAlive(ref RandomSource random)
    {
        // Rejection: at worst most are dead, and then anybody is as good.
        const int Tries = 8;
        for (int i = 0; i < Tries && _alive > 0; i++)
        {
            ref readonly LoadEntry entry = ref View[random.NextInt(View.Count)];
            if (!entry.Has(NodeFlags.Dead))
                return entry.Node;
        }

        return NodeId.None;
    }

    private NodeId OldestAlive(Instant now)
    {
        NodeId oldest = NodeId.None;
        double age = -1;
        foreach (ref readonly LoadEntry entry in View.Entries)
        {
            if (!entry.Has(NodeFlags.Dead) && entry.Age(now) > age)
            {
                age = entry.Age(now);
                oldest = entry.Node;
            }
        }

        return oldest;
    }

    private ReadOnlySpan<LoadEntry> FillWindow(Instant now, Span<LoadEntry> window)
    {
        window[0] = Own;
        int count = 1;
        for (int i = 0; i < _urgent.Count && count < _windowCount; i++)
        {
            int index = View.IndexOf(_urgent[i]);
            if (index >= 0)
                window[count++] = View[index];
        }

        int firstNews = count;
        count += Newest(now, window[count.._windowCount]);
        _urgent.OnSent(firstNews - 1);
        return window[..count];
    }

    // The newest entries that fit, in the order of a heap of their stamps; they are copied once, when it is known which.
    private int Newest(Instant now, Span<LoadEntry> room)
    {
        ReadOnlySpan<LoadEntry> entries = View.Entries;
        Span<WindowItem> heap = room.Length <= OnStack ? stackalloc WindowItem[room.Length] : new WindowItem[room.Length];
        int taken = 0;
        for (int i = 0; i < entries.Length; i++)
        {
            ref readonly LoadEntry entry = ref entries[i];
            bool fits = !entry.Has(NodeFlags.Dead)
                && (_settings.WindowAgeSeconds <= 0 || entry.Age(now) <= _settings.WindowAgeSeconds)
                && !_urgent.Contains(entry.Node);
            if (fits)
                WindowHeap.Offer(heap, ref taken, new WindowItem(entry.Stamp, i));
        }

        for (int i = 0; i < taken; i++)
            room[i] = entries[heap[i].Index];
        return taken;
    }
}
