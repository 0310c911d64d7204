namespace Isobar.Simulation.Engine;

/// <summary>A four-ary heap of events without handles.</summary>
internal sealed class CalendarHeap
{
    private const int Arity = 4;

    private CalendarEntry[] _items = new CalendarEntry[64];

    public int Count { get; private set; }

    public ref readonly CalendarEntry First => ref _items[0];

    /// <summary>All events, in no order that means anything.</summary>
    public ReadOnlySpan<CalendarEntry> Items => _items.AsSpan(0, Count);

    public void Push(in CalendarEntry entry)
    {
        if (Count == _items.Length)
            Array.Resize(ref _items, Count * 2);

        var at = Count++;
        while (at > 0)
        {
            var parent = (at - 1) / Arity;
            if (!entry.IsBefore(in _items[parent]))
                break;

            _items[at] = _items[parent];
            at = parent;
        }

        _items[at] = entry;
    }

    public void Pop()
    {
        var last = _items[--Count];
        if (Count > 0)
            SiftDown(0, in last);
    }

    /// <summary>Adds events without order; <see cref="Order"/> must follow.</summary>
    public void Append(ReadOnlySpan<CalendarEntry> entries)
    {
        if (Count + entries.Length > _items.Length)
            Array.Resize(ref _items, Math.Max(Count + entries.Length, Count * 2));

        entries.CopyTo(_items.AsSpan(Count));
        Count += entries.Length;
    }

    /// <summary>Makes a heap of what was appended (Floyd's method, linear).</summary>
    public void Order()
    {
        for (var at = (Count - 2) / Arity; at >= 0; at--)
        {
            var entry = _items[at];
            SiftDown(at, in entry);
        }
    }

    private void SiftDown(int at, in CalendarEntry entry)
    {
        while (true)
        {
            var first = at * Arity + 1;
            if (first >= Count)
                break;

            var best = first;
            var end = Math.Min(first + Arity, Count);
            for (var child = first + 1; child < end; child++)
            {
                if (_items[child].IsBefore(in _items[best]))
                    best = child;
            }

            if (!_items[best].IsBefore(in entry))
                break;

            _items[at] = _items[best];
            at = best;
        }

        _items[at] = entry;
    }
}
