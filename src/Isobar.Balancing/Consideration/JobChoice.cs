namespace Isobar.Balancing.Consideration;

/// <summary>Ways to choose a job by load, shared by the rules of the MOSIX family.</summary>
public static class JobChoice
{
    /// <summary>
    /// Index of the movable job with the second-highest load, or of the only one, or -1: Kerrighed's choice, so that the one that profits most
    /// from staying stays [systems.md A6].
    /// </summary>
    public static int SecondHighest(in Snapshot snapshot, Plan plan, double minSecondsHere)
    {
        int first = -1;
        int second = -1;
        ReadOnlySpan<JobInfo> jobs = snapshot.Jobs;
        for (int i = 0; i < jobs.Length; i++)
        {
            if (!IsCandidate(in snapshot, in jobs[i], plan, minSecondsHere))
                continue;
            if (first < 0 || jobs[i].Load > jobs[first].Load)
                (first, second) = (i, first);
            else if (second < 0 || jobs[i].Load > jobs[second].Load)
                second = i;
        }

        return second >= 0 ? second : first;
    }

    /// <summary>Index of the movable job with the highest load that has run some time (OpenSSI [systems.md S19.3]), or -1.</summary>
    public static int Highest(in Snapshot snapshot, Plan plan, double minSecondsHere, double minCpuSeconds)
    {
        int best = -1;
        ReadOnlySpan<JobInfo> jobs = snapshot.Jobs;
        for (int i = 0; i < jobs.Length; i++)
        {
            bool candidate = IsCandidate(in snapshot, in jobs[i], plan, minSecondsHere) && jobs[i].CpuSeconds >= minCpuSeconds;
            if (candidate && (best < 0 || jobs[i].Load > jobs[best].Load))
                best = i;
        }

        return best;
    }

    /// <summary>Movable, not planned already, and here for a while.</summary>
    public static bool IsCandidate(in Snapshot snapshot, in JobInfo job, Plan plan, double minSecondsHere)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return job.IsMovable && job.SecondsHere(snapshot.Now) >= minSecondsHere && !plan.Concerns(job.Id);
    }
}
