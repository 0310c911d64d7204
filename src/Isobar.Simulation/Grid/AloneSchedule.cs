namespace Isobar.Simulation.Grid;

/// <summary>
/// The schedule that each site would have alone, kept beside the real one. From the moment at which a job would have begun alone it has a claim to
/// a slot of its home; at most as many jobs of a site hold claims as the site has slots, so every claim can be met at once by sending guests away and
/// stopping jobs that began before their time. A claimed job that runs (anywhere, with enough done to pay for its way home) has never more left than
/// alone; so it ends no later. The same argument as in the Fair Sojourn Protocol (Friedman, Henderson, SIGMETRICS 2003), whose jobs end no later than
/// under processor sharing.
/// </summary>
/// <remarks>
/// It can be kept without knowing run times: a job's end in this schedule is needed only when it comes, and by then the job has really ended, so
/// that its run time is known.
/// </remarks>
internal sealed class AloneSchedule
{
    private readonly int[] _free;
    private readonly Queue<int>[] _queues;

    public AloneSchedule(IReadOnlyList<int> slots)
    {
        _free = [.. slots];
        _queues = [.. slots.Select(_ => new Queue<int>())];
    }

    /// <summary>A job is submitted; true if it would begin at once.</summary>
    public bool Submit(int site, int job)
    {
        if (_free[site] == 0)
        {
            _queues[site].Enqueue(job);
            return false;
        }

        _free[site]--;
        return true;
    }

    /// <summary>A job of the site ends in this schedule; the job that begins in its place, or null.</summary>
    public int? End(int site)
    {
        if (_queues[site].TryDequeue(out var next))
            return next;

        _free[site]++;
        return null;
    }
}
