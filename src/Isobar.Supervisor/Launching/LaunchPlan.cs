using Isobar.Protocol.Jobs;

namespace Isobar.Supervisor.Launching;

/// <summary>What the first process of a job does before it becomes the job's init.</summary>
/// <param name="Spec">The program.</param>
/// <param name="Place">What its home looks like.</param>
/// <param name="Root">The mount point (in the supervisor's namespace) of the home's files: a bind of / at home, the file view elsewhere.</param>
/// <param name="SharedMemory">The directory that becomes the job's /dev/shm.</param>
/// <param name="AtHome">The home's other file systems are bound from their own places; elsewhere they are parts of the view.</param>
internal sealed record LaunchPlan(JobSpec Spec, JobPlace Place, string Root, string SharedMemory, bool AtHome);

/// <summary>Why the first process did not become the job's program.</summary>
internal sealed record LaunchFailure(int ExitCode, string Reason);
