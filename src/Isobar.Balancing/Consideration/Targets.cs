using Isobar.Balancing.Load;

namespace Isobar.Balancing.Consideration;

/// <summary>Questions to a snapshot that many rules ask.</summary>
public static class Targets
{
    /// <summary>Takes guests as far as is known: alive, not blocked, not leaving, and the news is not too old.</summary>
    public static bool IsOpen(in LoadEntry entry, Instant now, double maxAgeSeconds) =>
        (entry.Flags & (NodeFlags.Dead | NodeFlags.Blocked | NodeFlags.Leaving)) == 0 && entry.Age(now) <= maxAgeSeconds;

    /// <summary>Index in <see cref="Snapshot.Others"/> of the open node with the least load, or -1.</summary>
    public static int LeastLoaded(in Snapshot snapshot, double maxAgeSeconds, long memoryBytes = 0)
    {
        int best = -1;
        ReadOnlySpan<LoadEntry> others = snapshot.Others;
        for (int i = 0; i < others.Length; i++)
        {
            bool fits = IsOpen(in others[i], snapshot.Now, maxAgeSeconds) && HasRoom(in others[i], memoryBytes);
            if (fits && (best < 0 || others[i].Load < others[best].Load))
                best = i;
        }

        return best;
    }

    /// <summary>
    /// Index of the open node on which one more task would be served fastest, or -1; ties go to the one with more free memory.
    /// </summary>
    /// <param name="tasks">Runnable tasks that would come.</param>
    /// <param name="without">A node that is left out, or <see cref="NodeId.None"/>.</param>
    public static int Fastest(in Snapshot snapshot, double tasks, long memoryBytes, double maxAgeSeconds, NodeId without)
    {
        int best = -1;
        double bestSlowdown = double.PositiveInfinity;
        ReadOnlySpan<LoadEntry> others = snapshot.Others;
        for (int i = 0; i < others.Length; i++)
        {
            ref readonly LoadEntry entry = ref others[i];
            if (entry.Node == without || !IsOpen(in entry, snapshot.Now, maxAgeSeconds) || !HasRoom(in entry, memoryBytes))
                continue;
            double slowdown = CpuShare.Slowdown(in entry, entry.Ready + tasks);
            bool better = slowdown < bestSlowdown
                || (slowdown == bestSlowdown && best >= 0 && entry.FreeMemoryMiB > others[best].FreeMemoryMiB);
            if (better)
            {
                best = i;
                bestSlowdown = slowdown;
            }
        }

        return best;
    }

    /// <summary>Room for a job's memory; a node that tells no memory at all is taken to have it.</summary>
    public static bool HasRoom(in LoadEntry entry, long memoryBytes) =>
        entry.TotalMemoryMiB == 0 || memoryBytes <= entry.FreeMemoryBytes;

    /// <summary>Index of a node in the view, or -1.</summary>
    public static int Find(in Snapshot snapshot, NodeId node)
    {
        for (int i = 0; i < snapshot.Others.Length; i++)
        {
            if (snapshot.Others[i].Node == node)
                return i;
        }

        return -1;
    }
}
