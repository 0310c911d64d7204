namespace Isobar.Balancing.Consideration;

/// <summary>
/// What a move costs the job in seconds of standing still: fixed + resident bytes x share / rate.
/// </summary>
/// <param name="FixedSeconds">Cost of an empty move. Harchol-Balter and Downey 1997: 0.3 s.</param>
/// <param name="BytesPerSecond">Rate of the copy. The same: 0.5 MB/s; a modern link 1 GB/s.</param>
/// <param name="CopiedShare">Part of the resident memory that is copied while the job stands still: 1 eager, near 0 by demand.</param>
/// <param name="PlacementSeconds">Cost of starting a job elsewhere, before it has memory.</param>
/// <param name="CpuSeconds">Standard CPU seconds that a move takes from either end, and so from the jobs there; 0 = not counted, as published.</param>
public readonly record struct CostModel(double FixedSeconds, double BytesPerSecond, double CopiedShare = 1, double PlacementSeconds = 0, double CpuSeconds = 0)
{
    /// <summary>0.3 s + memory at 0.5 MB/s; a remote start 0.3 s [systems.md A5, marked as remembered; scoreboard 1].</summary>
    public static CostModel Of1996 => new(0.3, 0.5e6, 1, 0.3);

    /// <summary>0.15 s + memory at 1 GB/s; a remote start 0.03 s [scoreboard 1 and 5].</summary>
    public static CostModel Modern => new(0.15, 1e9, 1, 0.03);

    /// <summary>Seconds that the move would hold up the job: the host's own estimate for this job if it has one.</summary>
    public double Seconds(in JobInfo job) =>
        job.FreezeSecondsHint > 0 ? job.FreezeSecondsHint : Seconds(job.ResidentBytes);

    /// <summary>
    /// Seconds by which the jobs at both ends are held up in all: each of n jobs on c cores waits CpuSeconds / c longer, all
    /// together n times CpuSeconds / c, where n / c is the slowdown.
    /// </summary>
    public double SecondsOfOthers(double slowdownHere, double slowdownThere) => CpuSeconds * (slowdownHere + slowdownThere);

    public double Seconds(long residentBytes) => FixedSeconds + residentBytes * CopiedShare / BytesPerSecond;
}
