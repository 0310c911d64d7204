using Isobar.Balancing.Load;

namespace Isobar.Balancing.Dissemination;

/// <content>Work that was sent and that the entries on the way do not know yet.</content>
public sealed partial class ClusterView
{
    private Charge[]? _charges;
    private int _chargeCount;

    /// <summary>No news ever comes that could know of what was sent: nothing of it is remembered.</summary>
    public bool HearsNothing { get; init; }

    /// <summary>
    /// Remembers that this node has just sent work to <paramref name="node"/>, which the entries on the way do not know yet: until an entry
    /// measured after <paramref name="now"/> comes, that node counts as having <paramref name="processes"/> more (against sending
    /// a herd by one old entry).
    /// </summary>
    /// <param name="guests">How many of these are jobs of another home, where a rule counts guests (Sprite's and Condor's managers give each host once).</param>
    public void Expect(NodeId node, Instant now, double processes, double load, long memoryBytes, int guests = 0)
    {
        if (HearsNothing)
            return;
        _charges ??= new Charge[4];
        if (_chargeCount == _charges.Length)
            Array.Resize(ref _charges, _chargeCount * 2);
        var charge = new Charge(node, now, (float)processes, (float)load, (uint)Math.Clamp(memoryBytes >> 20, 0, uint.MaxValue), guests);
        _charges[_chargeCount++] = charge;
        int index = IndexOf(node);
        if (index >= 0)
            charge.Apply(ref _entries[index]);
    }

    private void Recharge(ref LoadEntry entry)
    {
        int kept = 0;
        for (int i = 0; i < _chargeCount; i++)
        {
            Charge charge = _charges![i];
            if (charge.Node == entry.Node)
            {
                if (entry.Stamp > charge.Made)
                    continue;
                charge.Apply(ref entry);
            }

            _charges[kept++] = charge;
        }

        _chargeCount = kept;
    }

    private readonly record struct Charge(NodeId Node, Instant Made, float Processes, float Load, uint MemoryMiB, int Guests)
    {
        public void Apply(ref LoadEntry entry)
        {
            entry.Ready += Processes;
            entry.Load += Load;
            entry.FreeMemoryMiB -= Math.Min(entry.FreeMemoryMiB, MemoryMiB);
            entry.Guests = (ushort)Math.Min(ushort.MaxValue, entry.Guests + Guests);
        }
    }
}
