using System.Collections.Concurrent;
using Grpc.Core;
using Isobar.Balancing;
using Isobar.Node.Jobs;
using Isobar.Node.Load;
using Isobar.Node.Membership;
using Isobar.Protocol;
using Isobar.Protocol.Jobs;
using Isobar.Protocol.Jobs.Wire;
using Wired = Isobar.Protocol.Jobs.Wire;

namespace Isobar.Node.Policies;

/// <summary>What only a job's home knows of it: age over all machines, moves, its user's wishes.</summary>
/// <param name="Status">As the home told it.</param>
/// <param name="EarlierCpuSeconds">CPU seconds that it had used when it came here.</param>
/// <param name="At">When it was told.</param>
internal sealed record JobFact(JobStatus Status, double EarlierCpuSeconds, Instant At);

/// <summary>
/// The facts of the jobs that are here: those of this home from memory, those of guests by asking their homes now and then. A job of which nothing was told yet is
/// left alone.
/// </summary>
internal sealed class JobFacts(HomeJobs homeJobs, ClusterRuntime runtime)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<string, JobFact> _guests = new();

    public JobFact? Of(JobHere job)
    {
        if (JobId.Parse(job.Name).Home != runtime.NodeName)
            return _guests.GetValueOrDefault(job.Name);
        return homeJobs.Live(job.Name) is { } status ? Fact(status, job) : null;
    }

    /// <summary>Asks the homes of the guests that are here.</summary>
    public async Task RefreshAsync(IReadOnlyList<JobHere> here, CancellationToken cancellation)
    {
        var homes = here.Select(job => JobId.Parse(job.Name).Home).Where(home => home != runtime.NodeName).Distinct().ToList();
        await Task.WhenAll(homes.Select(home => AskAsync(home, here, cancellation)));
        foreach (var known in _guests.Keys)
        {
            if (!here.Any(job => job.Name == known))
                _guests.TryRemove(known, out _);
        }
    }

    private async Task AskAsync(string home, IReadOnlyList<JobHere> here, CancellationToken cancellation)
    {
        try
        {
            var peer = new PeerJobs.PeerJobsClient(runtime.Require().Peers.To(home));
            var reply = await peer.ListAsync(new Wired.ListRequest(), deadline: DateTime.UtcNow + Deadline, cancellationToken: cancellation);
            foreach (var text in reply.Jobs)
            {
                var status = System.Text.Json.JsonSerializer.Deserialize(text.Span, JobJson.Default.JobStatus)!;
                foreach (var job in here)
                {
                    if (job.Name == status.Id)
                        _guests[status.Id] = Fact(status, job);
                }
            }
        }
        catch (Exception e) when (e is RpcException or IsobarException or ObjectDisposedException)
        {
            // The home is away: its jobs stay where they are, and what was known is known.
        }
    }

    // The home's number contains what was used here, a little late; what came before does not change any more.
    private static JobFact Fact(JobStatus status, JobHere job) =>
        new(status, Math.Max(0, status.CpuSeconds - job.Use.CpuSeconds), MachineLoad.Now);
}
