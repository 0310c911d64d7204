using Isobar.Balancing.Dissemination;
using Isobar.Balancing.Load;

namespace Isobar.Simulation.World;

/// <summary>Datagrams on their way. Slots and their buffers are used again, so that a message costs no allocation once traffic is steady.</summary>
internal sealed class MessagePool
{
    private Slot[] _slots = new Slot[16];
    private int _used;
    private int _firstFree = -1;

    public int Put(int from, MessageKind kind, ReadOnlySpan<LoadEntry> entries)
    {
        var index = _firstFree;
        if (index >= 0)
        {
            _firstFree = _slots[index].Next;
        }
        else
        {
            if (_used == _slots.Length)
                Array.Resize(ref _slots, _used * 2);

            index = _used++;
            _slots[index].Entries = new LoadEntry[Math.Max(8, entries.Length)];
        }

        ref var slot = ref _slots[index];
        if (slot.Entries.Length < entries.Length)
            slot.Entries = new LoadEntry[entries.Length];

        entries.CopyTo(slot.Entries);
        slot.Count = entries.Length;
        slot.From = from;
        slot.Kind = kind;
        return index;
    }

    public int From(int index) => _slots[index].From;

    public LoadMessage Message(int index) => new(_slots[index].Kind, _slots[index].Entries.AsSpan(0, _slots[index].Count));

    public void Release(int index)
    {
        _slots[index].Next = _firstFree;
        _firstFree = index;
    }

    private struct Slot
    {
        public LoadEntry[] Entries;
        public int Count;
        public int From;
        public MessageKind Kind;
        public int Next;
    }
}
