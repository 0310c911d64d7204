namespace Isobar.Balancing.Dissemination;

/// <summary>An entry of a view that may go into a message: when it was measured, and where it is.</summary>
internal readonly record struct WindowItem(Instant Stamp, int Index);

/// <summary>Keeps the newest k of a stream of entries in place: a heap with the oldest on top, so a vector of n costs n log k and no memory.</summary>
internal static class WindowHeap
{
    public static void Offer(Span<WindowItem> heap, ref int count, WindowItem entry)
    {
        if (heap.IsEmpty)
            return;
        if (count < heap.Length)
        {
            heap[count] = entry;
            Up(heap, count++);
            return;
        }

        if (entry.Stamp <= heap[0].Stamp)
            return;
        heap[0] = entry;
        Down(heap, count);
    }

    private static void Up(Span<WindowItem> heap, int index)
    {
        while (index > 0)
        {
            int parent = (index - 1) / 2;
            if (heap[parent].Stamp <= heap[index].Stamp)
                return;
            (heap[parent], heap[index]) = (heap[index], heap[parent]);
            index = parent;
        }
    }

    private static void Down(Span<WindowItem> heap, int count)
    {
        int index = 0;
        while (true)
        {
            int child = 2 * index + 1;
            if (child >= count)
                return;
            if (child + 1 < count && heap[child + 1].Stamp < heap[child].Stamp)
                child++;
            if (heap[index].Stamp <= heap[child].Stamp)
                return;
            (heap[index], heap[child]) = (heap[child], heap[index]);
            index = child;
        }
    }
}
