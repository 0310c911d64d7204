namespace Isobar.Balancing.Load;

/// <summary>
/// What a task gets on a machine that shares its cores fairly (processor sharing): the whole of a core while there are enough, then an
/// equal part of the capacity. The quantity in which sources and targets of different size and speed are compared.
/// </summary>
public static class CpuShare
{
    /// <summary>Standard cores that each of <paramref name="tasks"/> tasks gets on the node of the entry, for the last one to come.</summary>
    /// <param name="entry">Cores, speeds and capacity of the node.</param>
    /// <param name="tasks">Runnable tasks, the one in question included; below 1 counts as 1.</param>
    public static double Of(in LoadEntry entry, double tasks)
    {
        double n = Math.Max(1, tasks);
        int cores = Math.Max(1, (int)entry.Cores);
        if (n > cores)
            return entry.Capacity / n;
        if (cores == 1)
            return entry.Speed;

        // Tasks take the fastest free core first; speeds between the fastest and the slowest core as if evenly spaced.
        return entry.Speed - (entry.Speed - entry.SlowestSpeed) * (n - 1) / (cores - 1);
    }

    /// <summary>Seconds per second of standard CPU time: 1 / share.</summary>
    public static double Slowdown(in LoadEntry entry, double tasks) => 1 / Of(in entry, tasks);

    /// <summary>
    /// By how much the other tasks, all together, are slower for so many tasks being there: seconds per CPU second. Nothing while there is a core for each; then each of the
    /// others waits longer by one part of the capacity for each task that has no core of its own.
    /// </summary>
    /// <param name="entry">Cores and capacity of the node.</param>
    /// <param name="tasks">Runnable tasks, those in question included.</param>
    /// <param name="own">The tasks in question, at least 1.</param>
    public static double DelayOfOthers(in LoadEntry entry, double tasks, double own)
    {
        // Half a task is one that is there half of the time: what whole numbers give, in proportion.
        double others = Math.Max(0, tasks - own);
        double whole = Math.Floor(others);
        double part = others - whole;
        double delay = Delay(in entry, whole, own);
        return part > 0 ? delay + part * (Delay(in entry, whole + 1, own) - delay) : delay;

        static double Delay(in LoadEntry entry, double others, double own) =>
            others * Math.Clamp(others + own - Math.Max(1, (int)entry.Cores), 0, own) / entry.Capacity;
    }

    /// <summary><see cref="Of(in LoadEntry, double)"/> for the exact cores of the local machine.</summary>
    public static double Of(CoreSet cores, double tasks)
    {
        ArgumentNullException.ThrowIfNull(cores);
        double n = Math.Max(1, tasks);
        return n > cores.Count ? cores.Capacity / n : cores.Speed((int)Math.Ceiling(n) - 1);
    }
}
