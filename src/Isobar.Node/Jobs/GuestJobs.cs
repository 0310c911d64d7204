using System.Net.Sockets;
using Isobar.Linux.Files;
using Isobar.Linux.Processes;
using Isobar.Node.Membership;
using Isobar.Protocol.Jobs;

namespace Isobar.Node.Jobs;

/// <summary>The jobs of other homes that run here, or are about to: each has a supervisor, which its home's deputy commands.</summary>
public sealed partial class GuestJobs(JobFolders folders, ClusterRuntime runtime, SupervisorPool supervisors, ILogger<GuestJobs> log) : IHostedService
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(5);
    private readonly Lock _starting = new();

    public static int Count(JobFolders folders) =>
        Directory.Exists(folders.GuestRuns) ? Directory.EnumerateDirectories(folders.GuestRuns).Count() : 0;

    /// <summary>Starts a guest supervisor, which calls its home; once for each incarnation, however often its home asks.</summary>
    public void Start(JobPlace place, int incarnation)
    {
        var run = folders.GuestRunOf(place.Id, incarnation);
        var config = new SupervisorConfig
        {
            Place = place,
            Node = runtime.NodeName,
            RunDirectory = run,
            IdentityDirectory = runtime.Folder.Path,
            PagesDirectory = folders.Pages,
            Incarnation = incarnation,
        };

        // A home that asks again after a broken connection may be heard twice at once.
        lock (_starting)
        {
            if (Directory.Exists(run))
                return;
            try
            {
                _ = CleanAfterAsync(supervisors.Start(config), run, place.Id);
            }
            catch
            {
                // By its folder a guest is counted and known.
                FolderRemoval.Remove(run);
                throw;
            }
        }
    }

    /// <summary>Whether any incarnation of a job is here.</summary>
    public bool Has(string job) =>
        Directory.Exists(folders.GuestRuns) && Directory.EnumerateDirectories(folders.GuestRuns, $"{job}.*").Any();

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        folders.Prepare();
        foreach (var run in Directory.EnumerateDirectories(folders.GuestRuns))
            _ = LookAfterAsync(run, cancellationToken);
        await Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task CleanAfterAsync(Task<ExitStatus?> ended, string run, string job)
    {
        if (await ended is { Succeeded: false } status)
            LogEnded(log, job, status.ToString());
        Remove(run);
    }

    /// <summary>A guest of a daemon before this one is not our child: whether it lives is seen at its socket.</summary>
    private static async Task LookAfterAsync(string run, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested && Directory.Exists(run))
        {
            using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await probe.ConnectAsync(new UnixDomainSocketEndPoint(Path.Combine(run, JobFolders.SocketName)), cancellationToken);
            }
            catch (SocketException)
            {
                Remove(run);
                return;
            }

            await Task.Delay(LookEvery, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static void Remove(string run)
    {
        Orphans.End(run);
        FolderRemoval.Remove(run);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "the guest supervisor of job {Job} {Status}")]
    private static partial void LogEnded(ILogger log, string job, string status);
}
