namespace Isobar.Balancing.Load;

/// <summary>
/// One look at the local machine. The host takes it every <see cref="LoadCalculator.SampleSeconds"/>; in a simulator the numbers may be
/// exact means since the last sample.
/// </summary>
public struct LoadSample
{
    public Instant Time { get; set; }

    /// <summary>Runnable tasks, running ones included: procs_running of /proc/stat less the observer.</summary>
    public double Ready { get; set; }

    /// <summary>Of these, the tasks that are neither Isobar jobs nor low priority: the owner's own load.</summary>
    public double OwnReady { get; set; }

    /// <summary>CPU seconds used per second by all tasks since the last sample, 0..cores.</summary>
    public double CpuUsed { get; set; }

    /// <summary>PSI "some" of cpu: share of time in which a task waited for a core, 0..1 (/proc/pressure/cpu).</summary>
    public double CpuPressure { get; set; }

    /// <summary>PSI "some" of memory, 0..1 (/proc/pressure/memory).</summary>
    public double MemoryPressure { get; set; }

    /// <summary>PSI "some" of io, 0..1 (/proc/pressure/io).</summary>
    public double IoPressure { get; set; }

    public long FreeMemoryBytes { get; set; }

    public long TotalMemoryBytes { get; set; }

    public double DiskUtilisation { get; set; }

    public double NetworkUtilisation { get; set; }

    public double OwnerIdleSeconds { get; set; }

    public int Users { get; set; }

    public int Guests { get; set; }

    public NodeFlags Flags { get; set; }

    public byte Level { get; set; }
}
