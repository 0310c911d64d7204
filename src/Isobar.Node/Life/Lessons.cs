using Isobar.Node.Jobs;
using Isobar.Node.Policies;
using Isobar.Protocol.Jobs;

namespace Isobar.Node.Life;

/// <summary>What jobs of this home teach the rules when they end; those on record teach rules that are new.</summary>
internal sealed class Lessons(HomeJobs homeJobs, LivePolicies policies)
{
    /// <summary>Follows the ends of jobs from now on.</summary>
    public void Begin() => homeJobs.Ended += Learn;

    /// <summary>For rules that have learnt nothing yet.</summary>
    public void Repeat()
    {
        foreach (var job in homeJobs.Past())
            Learn(job);
    }

    private void Learn(JobStatus job)
    {
        var wall = ((job.Ended ?? DateTimeOffset.UtcNow) - job.Started).TotalSeconds;
        var end = new Balancing.Consideration.JobEnd(ProgramHash.Of(job.Command), job.CpuSeconds * policies.Load.CoreSpeedFactor, wall, job.ResidentBytes, 0, job.Processes);
        policies.Learn(in end);
    }
}
