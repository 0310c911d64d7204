namespace Isobar.Balancing.Dissemination;

/// <summary>
/// The nodes whose news goes first, each for a number of further sends. Small and bounded: when it is full the one with the fewest sends left
/// makes room.
/// </summary>
internal sealed class UrgentList
{
    private const int Limit = 16;

    private (NodeId Node, int Sends)[] _items = [];

    public int Count { get; private set; }

    public NodeId this[int index] => _items[index].Node;

    public void Add(NodeId node, int sends)
    {
        if (sends <= 0)
            return;
        for (int i = 0; i < Count; i++)
        {
            if (_items[i].Node == node)
            {
                _items[i].Sends = sends;
                Sort();
                return;
            }
        }

        if (Count == _items.Length && Count < Limit)
            Array.Resize(ref _items, Math.Max(4, Count * 2));
        if (Count < _items.Length)
            Count++;
        _items[Count - 1] = (node, sends);
        Sort();
    }

    public bool Contains(NodeId node)
    {
        for (int i = 0; i < Count; i++)
        {
            if (_items[i].Node == node)
                return true;
        }

        return false;
    }

    /// <summary>The first ones have been sent once more: their priority falls by one, at zero they leave.</summary>
    public void OnSent(int sent)
    {
        int kept = 0;
        for (int i = 0; i < Count; i++)
        {
            (NodeId node, int sends) = _items[i];
            if (i < sent)
                sends--;
            if (sends > 0)
                _items[kept++] = (node, sends);
        }

        Count = kept;
        Sort();
    }

    // Highest priority first; a handful of items, mostly sorted.
    private void Sort()
    {
        for (int i = 1; i < Count; i++)
        {
            (NodeId, int Sends) item = _items[i];
            int j = i - 1;
            while (j >= 0 && _items[j].Sends < item.Sends)
            {
                _items[j + 1] = _items[j];
                j--;
            }

            _items[j + 1] = item;
        }
    }
}
