using Isobar.Balancing.Load;

namespace Isobar.Balancing.Consideration;

/// <summary>What a move, or a start elsewhere, should bring: by what is known at one moment, of one job and one target.</summary>
/// <param name="ShareHere">Standard cores that one task of it gets here.</param>
/// <param name="ShareThere">What it should get there; 0 = unknown.</param>
/// <param name="OthersGain">By how much those that stay are served faster without it, all together: seconds per CPU second of one task of it.</param>
/// <param name="GainSeconds">Seconds that the job should save while it uses as much CPU as it has used, the move paid; NaN = unknown.</param>
/// <param name="OthersGainSeconds">What all others, here and there, should save by it over the same time, all together; 0 = unknown.</param>
public readonly record struct Prediction(double ShareHere, double ShareThere, double OthersGain, double GainSeconds, double OthersGainSeconds)
{
    /// <summary>The same for a target of which nothing is known.</summary>
    public Prediction Elsewhere() => this with { ShareThere = 0, GainSeconds = double.NaN, OthersGainSeconds = 0 };

    /// <summary>Predicts for a job that is here, or (without CPU time) is about to start.</summary>
    /// <param name="snapshot">What is known.</param>
    /// <param name="job">The job.</param>
    /// <param name="target">Where it would go; this node or one that is not known gives only what it gets here.</param>
    public static Prediction Of(in Snapshot snapshot, in JobInfo job, NodeId target)
    {
        double own = Targets.Tasks(in job);
        double tasks = Math.Max(snapshot.State.ReadyNow + (job.CpuSeconds > 0 ? 0 : 1), own);
        double here = Targets.Slowdown(in snapshot.Self, tasks, in job, snapshot.Costs);
        double relief = CpuShare.DelayOfOthers(in snapshot.Self, tasks, own);
        var unknown = new Prediction(1 / here, 0, relief, double.NaN, 0);
        int index = Targets.Find(in snapshot, target);
        if (index < 0)
            return unknown;
        ref readonly LoadEntry entry = ref snapshot.Others[index];
        double tasksThere = entry.Ready + own;
        double there = Targets.Slowdown(in entry, tasksThere, in job, snapshot.Costs);
        double harm = CpuShare.DelayOfOthers(in entry, tasksThere, own);
        // Its tasks run beside each other, and every other task gets as much as each of them meanwhile.
        double ofEachTask = job.CpuSeconds / own;
        return unknown with
        {
            ShareThere = 1 / there,
            GainSeconds = ofEachTask * (here - there) - snapshot.Costs.Seconds(in job),
            OthersGainSeconds = ofEachTask * (relief - harm),
        };
    }
}
