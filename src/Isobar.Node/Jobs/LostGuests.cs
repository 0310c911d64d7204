using Isobar.Node.Membership;
using Isobar.Protocol.Jobs;

namespace Isobar.Node.Jobs;

/// <summary>
/// Ends jobs of this home whose guest supervisor is gone without a word: killed while the home could not be reached, or with its machine. Silence alone proves nothing, so
/// the daemon of the job's node is asked, and only its "no" counts, or that the node was taken out of the cluster (`isobar cluster evict`).
/// </summary>
internal sealed class LostGuests(ClusterRuntime runtime, HomeJobs jobs, GuestRequests guests) : BackgroundService
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(LookEvery);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await Task.WhenAll(jobs.List(all: false).Where(job => job.State == JobState.Unreachable).Select(job => AskAsync(job, stoppingToken)));
        }
        catch (OperationCanceledException)
        {
            // The daemon stops; its jobs go on.
        }
    }

    private async Task AskAsync(JobStatus job, CancellationToken cancellationToken)
    {
        // Who was taken out is asked no more, and what it may still do with the job is refused here.
        var isMember = runtime.Current?.Roster.Current is not { IsCached: false } roster || roster.Nodes.ContainsKey(job.Node);
        if (!isMember || await guests.HasAsync(job.Node, job.Id, cancellationToken) == false)
            await jobs.TellAsync(job.Id, new GuestLost(job.Node, isMember), cancellationToken);
    }
}
