using System.Runtime.CompilerServices;

namespace Isobar.Simulation.Engine;

/// <summary>
/// The pending events of a simulation, ordered by time and, at equal times, by the order in which they were scheduled (so that a run is a
/// function of its seed alone). A four-ary heap over structs: no allocation per event once the arrays have grown; scheduling, moving and
/// cancelling cost O(log n). Moving an event instead of leaving a stale one behind keeps the heap as small as the number of live timers.
/// Events that are never moved or cancelled (<see cref="Post"/>) need no handle and wait in a <see cref="Calendar"/>.
/// </summary>
public sealed class EventQueue
{
    private const int Arity = 4;
    private const int Free = -1;

    private Entry[] _heap;
    private Slot[] _slots;
    private int _count;
    private int _slotCount;
    private int _firstFree = Free;
    private readonly Calendar _calendar;
    private long _sequence;

    /// <param name="capacity">Events with a handle that it starts with room for.</param>
    /// <param name="ahead">Seconds that most posted events lie ahead at most; only speed depends on it.</param>
    /// <param name="perSecond">Posted events to expect per second, roughly; only speed depends on it.</param>
    public EventQueue(int capacity = 1024, double ahead = 2, double perSecond = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        _calendar = new Calendar(ahead, perSecond);
        _heap = new Entry[capacity];
        _slots = new Slot[capacity];
    }

    /// <summary>Told of posted events shortly before they are handed out; null: nobody.</summary>
    internal IForesight? Foresight
    {
        get => _calendar.Foresight;
        set => _calendar.Foresight = value;
    }

    /// <summary>Number of events that wait.</summary>
    public int Count => _count + _calendar.Count;

    /// <summary>Time of the next event in seconds; positive infinity when there is none.</summary>
    public double NextTime
    {
        get
        {
            var time = _count == 0 ? double.PositiveInfinity : _heap[0].Time;
            return _calendar.Count == 0 ? time : Math.Min(time, _calendar.First.Time);
        }
    }

    /// <summary>Adds an event that will not be moved or cancelled.</summary>
    public void Post(double time, int kind, int subject, long payload = 0)
    {
        if (double.IsNaN(time))
            throw new ArgumentException("An event needs a time that is a number.", nameof(time));

        _calendar.Add(new CalendarEntry(time, _sequence++, payload, kind, subject));
    }

    /// <summary>Adds an event and returns its handle, valid until the event is handed out or cancelled.</summary>
    public int Schedule(double time, int kind, int subject, long payload = 0)
    {
        if (double.IsNaN(time))
            throw new ArgumentException("An event needs a time that is a number.", nameof(time));

        var handle = TakeSlot();
        ref var slot = ref _slots[handle];
        slot.Kind = kind;
        slot.Subject = subject;
        slot.Payload = payload;
        if (_count == _heap.Length)
            Array.Resize(ref _heap, _count * 2);

        SiftUp(_count++, new Entry(time, _sequence++, handle));
        return handle;
    }

    /// <summary>Moves a waiting event to another time; among events of that time it comes last.</summary>
    public void Reschedule(int handle, double time)
    {
        var at = _slots[handle].HeapIndex;
        var entry = new Entry(time, _sequence++, handle);
        if (entry.IsBefore(_heap[at]))
            SiftUp(at, entry);
        else
            SiftDown(at, entry);
    }

    /// <summary>When a waiting event is due, in seconds.</summary>
    public double TimeOf(int handle) => _heap[_slots[handle].HeapIndex].Time;

    /// <summary>Removes a waiting event.</summary>
    public void Cancel(int handle)
    {
        var at = _slots[handle].HeapIndex;
        ReleaseSlot(handle);
        RemoveAt(at);
    }

    /// <summary>Takes the earliest event out of the queue; false when it is empty.</summary>
    public bool TryDequeue(out SimulationEvent next)
    {
        if (_calendar.Count > 0 && IsPostedFirst())
        {
            ref readonly var posted = ref _calendar.First;
            next = new SimulationEvent(posted.Time, -1, posted.Kind, posted.Subject, posted.Payload);
            _calendar.RemoveFirst();
            return true;
        }

        if (_count == 0)
        {
            next = default;
            return false;
        }

        var top = _heap[0];
        ref var slot = ref _slots[top.Handle];
        next = new SimulationEvent(top.Time, top.Handle, slot.Kind, slot.Subject, slot.Payload);
        ReleaseSlot(top.Handle);
        RemoveAt(0);
        return true;
    }

    private bool IsPostedFirst()
    {
        ref readonly var posted = ref _calendar.First;
        return _count == 0 || posted.Time < _heap[0].Time || (posted.Time == _heap[0].Time && posted.Sequence < _heap[0].Sequence);
    }

    private void RemoveAt(int at)
    {
        var last = _heap[--_count];
        if (at == _count)
            return;

        if (last.IsBefore(_heap[at]))
            SiftUp(at, last);
        else
            SiftDown(at, last);
    }

    private void SiftUp(int at, Entry entry)
    {
        while (at > 0)
        {
            var parent = (at - 1) / Arity;
            if (!entry.IsBefore(_heap[parent]))
                break;

            Put(at, _heap[parent]);
            at = parent;
        }

        Put(at, entry);
    }

    private void SiftDown(int at, Entry entry)
    {
        while (true)
        {
            var first = at * Arity + 1;
            if (first >= _count)
                break;

            var best = first;
            var end = Math.Min(first + Arity, _count);
            for (var child = first + 1; child < end; child++)
            {
                if (_heap[child].IsBefore(_heap[best]))
                    best = child;
            }

            if (!_heap[best].IsBefore(entry))
                break;

            Put(at, _heap[best]);
            at = best;
        }

        Put(at, entry);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Put(int at, in Entry entry)
    {
        _heap[at] = entry;
        _slots[entry.Handle].HeapIndex = at;
    }

    private int TakeSlot()
    {
        if (_firstFree == Free)
        {
            if (_slotCount == _slots.Length)
                Array.Resize(ref _slots, _slotCount * 2);

            return _slotCount++;
        }

        var handle = _firstFree;
        _firstFree = _slots[handle].HeapIndex;
        return handle;
    }

    // A free slot keeps the index of the next free one where a used slot keeps its place in the heap.
    private void ReleaseSlot(int handle)
    {
        _slots[handle].HeapIndex = _firstFree;
        _firstFree = handle;
    }

    private readonly record struct Entry(double Time, long Sequence, int Handle)
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public bool IsBefore(in Entry other) => Time < other.Time || (Time == other.Time && Sequence < other.Sequence);
    }

    private struct Slot
    {
        public int HeapIndex;
        public int Kind;
        public int Subject;
        public long Payload;
    }
}
