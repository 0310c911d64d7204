namespace Isobar.Linux.Paging;

/// <summary>
/// Where the pages of one address space are that are not in it: a slot for each. In pieces of 2 MiB, so that a page costs four bytes and a fork copies arrays.
/// </summary>
internal sealed class PageTable
{
    private const int PieceShift = 21;
    private const int PiecePages = 1 << (PieceShift - Page.Shift);
    private const ulong PieceMask = (1UL << PieceShift) - 1;

    private readonly SortedDictionary<ulong, Piece> _pieces = [];

    /// <summary>Pages that are elsewhere.</summary>
    public int Count { get; private set; }

    /// <summary>The slot of the page at an address, or null when the page is not elsewhere.</summary>
    public uint? At(ulong address) =>
        _pieces.TryGetValue(address >> PieceShift, out var piece) && piece.Slots[IndexOf(address)] is var entry and not 0 ? entry - 1 : null;

    /// <summary>Notes that a page is elsewhere; the slot that it had before, if it had one, is returned.</summary>
    public uint? Set(ulong address, uint slot)
    {
        if (!_pieces.TryGetValue(address >> PieceShift, out var piece))
            _pieces[address >> PieceShift] = piece = new Piece();
        ref var entry = ref piece.Slots[IndexOf(address)];
        uint? before = entry == 0 ? null : entry - 1;
        if (before is null)
            (Count, piece.Count) = (Count + 1, piece.Count + 1);
        entry = slot + 1;
        return before;
    }

    /// <summary>The page is not elsewhere any more; its slot, if it had one.</summary>
    public uint? Take(ulong address)
    {
        var key = address >> PieceShift;
        if (!_pieces.TryGetValue(key, out var piece))
            return null;
        ref var entry = ref piece.Slots[IndexOf(address)];
        if (entry == 0)
            return null;
        var slot = entry - 1;
        entry = 0;
        Count--;
        if (--piece.Count == 0)
            _pieces.Remove(key);
        return slot;
    }

    /// <summary>All pages from an address up to another, as they are when it is called.</summary>
    public List<(ulong Address, uint Slot)> Within(ulong start, ulong end)
    {
        var found = new List<(ulong, uint)>();
        if (_pieces.Count == 0)
            return found;
        // A large area is looked at piece by piece that there is, a small one by its own pieces.
        if ((end - start) >> PieceShift < (ulong)_pieces.Count)
        {
            for (var key = start >> PieceShift; key <= (end - 1) >> PieceShift; key++)
            {
                if (_pieces.TryGetValue(key, out var piece))
                    Collect(key, piece);
            }
        }
        else
        {
            foreach (var (key, piece) in _pieces)
                Collect(key, piece);
        }

        return found;

        void Collect(ulong key, Piece piece)
        {
            for (var i = 0; i < PiecePages; i++)
            {
                var address = (key << PieceShift) + ((ulong)i << Page.Shift);
                if (piece.Slots[i] != 0 && address >= start && address < end)
                    found.Add((address, piece.Slots[i] - 1));
            }
        }
    }

    /// <summary>The first page that is elsewhere, at any address; null when there is none.</summary>
    public ulong? First()
    {
        foreach (var (key, piece) in _pieces)
        {
            var index = Array.FindIndex(piece.Slots, static entry => entry != 0);
            return (key << PieceShift) + ((ulong)index << Page.Shift);
        }

        return null;
    }

    /// <summary>The same for the child of a fork.</summary>
    public PageTable Copy()
    {
        var copy = new PageTable { Count = Count };
        foreach (var (key, piece) in _pieces)
            copy._pieces[key] = new Piece { Count = piece.Count, Slots = (uint[])piece.Slots.Clone() };
        return copy;
    }

    private static int IndexOf(ulong address) => (int)((address & PieceMask) >> Page.Shift);

    private sealed class Piece
    {
        public int Count { get; set; }

        // One more than the slot; 0 = the page is in its place.
        public uint[] Slots { get; init; } = new uint[PiecePages];
    }
}
