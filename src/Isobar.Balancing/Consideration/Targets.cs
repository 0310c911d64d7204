using Isobar.Balancing.Load;

namespace Isobar.Balancing.Consideration;

/// <summary>Questions to a snapshot that many rules ask.</summary>
public static class Targets
{
    /// <summary>Takes guests as far as is known: alive, not blocked, not leaving, and the news is not too old.</summary>
    public static bool IsOpen(in LoadEntry entry, Instant now, double maxAgeSeconds) =>
        (entry.Flags & (NodeFlags.Dead | NodeFlags.Blocked | NodeFlags.Leaving)) == 0 && entry.Age(now) <= maxAgeSeconds;

    /// <summary>Takes this job as far as is known: open, allowed by the job's own limits, and with the memory that its user asked for.</summary>
    public static bool Takes(in Snapshot snapshot, in LoadEntry entry, in JobInfo job, double maxAgeSeconds) =>
        IsOpen(in entry, snapshot.Now, maxAgeSeconds)
        && HasRoom(in entry, job.MinMemoryBytes)
        && (snapshot.Limits is null || snapshot.Limits.Allows(job.Id, entry.Node));

    /// <summary>Index in <see cref="Snapshot.Others"/> of the node with the least load that takes a job, or -1.</summary>
    public static int LeastLoaded(in Snapshot snapshot, in JobInfo job, double maxAgeSeconds)
    {
        int best = -1;
        ReadOnlySpan<LoadEntry> others = snapshot.Others;
        for (int i = 0; i < others.Length; i++)
        {
            bool fits = Takes(in snapshot, in others[i], in job, maxAgeSeconds) && HasRoom(in others[i], job.ResidentBytes);
            if (fits && (best < 0 || others[i].Load < others[best].Load))
                best = i;
        }

        return best;
    }

    /// <summary>
    /// Index of the open node on which a job would be served fastest, or -1. Ties are drawn: nodes that know the same must not all take the
    /// same target.
    /// </summary>
    /// <param name="slowdown">Seconds per CPU second that the job would take there.</param>
    /// <param name="without">A node that is left out, or <see cref="NodeId.None"/>.</param>
    public static int Fastest(
        in Snapshot snapshot, in JobInfo job, double maxAgeSeconds, NodeId without, ref RandomSource random, out double slowdown) =>
        Best(in snapshot, in job, maxAgeSeconds, without, 0, ref random, out slowdown, out _);

    /// <summary>The same, with what those suffer who are there: the least sum counts.</summary>
    /// <param name="othersWeight">Weight of the delay of others; 0 = only the job's own counts.</param>
    /// <param name="harm">By how much those there would be slower, all together: seconds per CPU second.</param>
    public static int Best(
        in Snapshot snapshot, in JobInfo job, double maxAgeSeconds, NodeId without, double othersWeight, ref RandomSource random, out double slowdown, out double harm)
    {
        int best = -1;
        int ties = 0;
        double bestSum = double.PositiveInfinity;
        (slowdown, harm) = (double.PositiveInfinity, 0);
        ReadOnlySpan<LoadEntry> others = snapshot.Others;
        for (int i = 0; i < others.Length; i++)
        {
            ref readonly LoadEntry entry = ref others[i];
            if (entry.Node == without || !Takes(in snapshot, in entry, in job, maxAgeSeconds) || !HasRoom(in entry, job.ResidentBytes))
                continue;
            double tasks = entry.Ready + Tasks(in job);
            double there = Slowdown(in entry, tasks, in job, snapshot.Costs);
            if (there > bestSum)
                continue;
            double delay = othersWeight > 0 ? CpuShare.DelayOfOthers(in entry, tasks, Tasks(in job)) : 0;
            double sum = there + othersWeight * delay;
            if (sum > bestSum)
                continue;
            ties = sum < bestSum ? 1 : ties + 1;
            bestSum = sum;
            if (ties == 1 || random.NextInt(ties) == 0)
                (best, slowdown, harm) = (i, there, delay);
        }

        return best;
    }

    /// <summary>Runnable tasks of a job, at least 1.</summary>
    public static double Tasks(in JobInfo job) => Math.Max(1, job.Tasks);

    /// <summary>
    /// Seconds that a job takes per CPU second on a node with so many tasks, its own included: what its share of the cores gives, and away from
    /// home the time for its files over the link.
    /// </summary>
    public static double Slowdown(in LoadEntry entry, double tasks, in JobInfo job, CostModel costs)
    {
        double cpu = CpuShare.Slowdown(in entry, tasks);
        return entry.Node == job.Home ? cpu : cpu + job.HomeIoBytesPerSecond / costs.BytesPerSecond;
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
