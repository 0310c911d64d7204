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

    /// <summary>The same for the exact cores of the local machine.</summary>
    public static double Of(CoreSet cores, double tasks)
    {
        ArgumentNullException.ThrowIfNull(cores);
        double n = Math.Max(1, tasks);
        return n > cores.Count ? cores.Capacity / n : cores.Speed((int)Math.Ceiling(n) - 1);
    }
}
