using System.Collections.Concurrent;
using System.Net.Sockets;
using Isobar.Linux.Criu;
using Isobar.Linux.Files;
using Isobar.Linux.Mounts;
using Isobar.Linux.Namespaces;
using Isobar.Node.Hosting;
using Isobar.Node.Membership;
using Isobar.Node.Status;
using Isobar.Protocol.Jobs;

namespace Isobar.Node.Jobs;

/// <summary>The jobs whose home is here: starts their supervisors, and knows from them what their jobs are doing.</summary>
public sealed partial class HomeJobs(
    DaemonOptions options, JobFolders folders, ClusterRuntime runtime, GuestRequests guests, MoveGains gains, SupervisorPool supervisors, ILogger<HomeJobs> log) : IHostedService, IJobCounts, IDisposable
{
    private const int KeepFinished = 1000;
    private const string ChosenNote = "chosen";
    private readonly ConcurrentDictionary<string, JobStatus> _live = new();
    private readonly Lock _bringing = new();
    private readonly Dictionary<string, int> _brought = [];
    private readonly CancellationTokenSource _stopping = new();

    public int Unfinished => _live.Count;

    int IJobCounts.HomeJobs => _live.Count;

    int IJobCounts.Guests => GuestJobs.Count(folders);

    /// <summary>Starts a job's supervisor and returns what it is called.</summary>
    /// <param name="spec">The program.</param>
    /// <param name="startNode">Where it starts.</param>
    /// <param name="isChosen">The user chose that node.</param>
    public JobStatus Start(JobSpec spec, string startNode, bool isChosen = false)
    {
        var id = new JobId(runtime.NodeName, folders.NextNumber()).ToString();
        var place = new JobPlace(
            id,
            HomeAddress(),
            Environment.MachineName,
            OwnNamespaces.DomainName(),
            MountTable.HomeFileSystems(MountTable.Read(), options.RunDirectory),
            SupervisorStarter.Program());
        Directory.CreateDirectory(folders.RecordOf(id), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var status = JobStatus.Begin(id, spec, startNode, DateTimeOffset.UtcNow) with { Chosen = isChosen };
        _live[id] = status;
        try
        {
            _ = supervisors.Start(new SupervisorConfig
            {
                Place = place,
                Node = runtime.NodeName,
                RunDirectory = folders.HomeRunOf(id),
                IdentityDirectory = runtime.Current is null ? null : runtime.Folder.Path,
                PagesDirectory = folders.Pages,
                RecordDirectory = folders.RecordOf(id),
                Spec = spec,
                StartNode = startNode,
                Incarnation = JobStatus.FirstIncarnation,
            });
        }
        catch
        {
            _live.TryRemove(id, out _);
            FolderRemoval.Remove(folders.HomeRunOf(id));
            FolderRemoval.Remove(folders.RecordOf(id));
            throw;
        }

        if (isChosen)
            SetChosen(id, true);
        // Not only when the deputy asks: the other machine makes ready while this one does.
        if (startNode != runtime.NodeName && runtime.Current is not null)
            _ = BringGuestAsync(id, new GuestNeeded(startNode, JobStatus.FirstIncarnation), place);
        _ = WatchAsync(id);
        return status;
    }

    /// <summary>All jobs of this home, the finished ones that are still on record too when wanted.</summary>
    public IReadOnlyList<JobStatus> List(bool all)
    {
        var jobs = _live.Values.ToList();
        if (all)
            jobs.AddRange(Recorded().Where(job => !_live.ContainsKey(job.Id)));
        return jobs;
    }

    /// <summary>The job of this id, or the youngest of this name.</summary>
    /// <exception cref="JobException">There is none.</exception>
    public JobStatus Find(string idOrName)
    {
        var named = _live.Values.Where(job => job.Id == idOrName || job.Name == idOrName).MaxBy(job => job.Started);
        if (named is not null)
            return named;
        if (JobId.TryParse(idOrName, out _) && JobRecords.Status(folders.RecordOf(idOrName)) is { } recorded)
            return recorded;
        return Recorded().Where(job => job.Name == idOrName).MaxBy(job => job.Started)
            ?? throw new JobException($"there is no job {idOrName} here: isobar ps -a lists the jobs, and a job of another machine goes by its id only.");
    }

    public bool IsLive(string id) => _live.ContainsKey(id);

    /// <summary>A job of this home that has not ended, or null.</summary>
    public JobStatus? Live(string id) => _live.GetValueOrDefault(id);

    /// <summary>Gives a job's supervisor a command that needs no answer; one that has just ended misses nothing.</summary>
    public async Task TellAsync(string id, SupervisorCommand command, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var _ in SupervisorClient.AskAsync(folders.HomeRunOf(id), new CommandHello(command), cancellationToken))
            {
                // Only delivered.
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            // The job has just ended.
        }
    }

    /// <summary>Raised when a job has ended in order, with its last status.</summary>
    public event Action<JobStatus>? Ended;

    /// <summary>Notes whether the user chose the node where the job is, for as long as it lives.</summary>
    public void SetChosen(string id, bool isChosen)
    {
        var note = Path.Combine(folders.HomeRunOf(id), ChosenNote);
        try
        {
            if (isChosen)
                File.WriteAllText(note, "");
            else
                File.Delete(note);
        }
        catch (DirectoryNotFoundException)
        {
            // The job has just ended.
        }

        if (_live.TryGetValue(id, out var status))
            _live[id] = status with { Chosen = isChosen };
    }

    /// <summary>The ended jobs that are still on record.</summary>
    public IEnumerable<JobStatus> Past() => Recorded().Where(job => job.State == JobState.Done && !_live.ContainsKey(job.Id));

    public bool Knows(string idOrName) =>
        _live.Values.Any(job => job.Id == idOrName || job.Name == idOrName) || Directory.Exists(folders.RecordOf(idOrName)) || Recorded().Any(job => job.Name == idOrName);

    public Task StartAsync(CancellationToken cancellationToken)
    {
        folders.Prepare();
        // Supervisors live on while the daemon is restarted: here they are found again.
        foreach (var run in Directory.EnumerateDirectories(folders.HomeRuns))
        {
            var id = Path.GetFileName(run);
            if (JobRecords.Status(folders.RecordOf(id)) is not { } status)
                continue;
            _live[id] = status with { State = JobState.Running, Reason = null, Chosen = IsChosen(id) };
            _ = WatchAsync(id);
        }

        // Those of a machine that went down in the middle of a move.
        foreach (var record in Directory.EnumerateDirectories(folders.Records).Where(record => !_live.ContainsKey(Path.GetFileName(record))))
            SettleLinks(record);
        Prune();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => _stopping.CancelAsync();

    public void Dispose() => _stopping.Dispose();

    private async Task WatchAsync(string id)
    {
        try
        {
            await foreach (var happening in SupervisorClient.AskAsync(folders.HomeRunOf(id), new WatchHello(), _stopping.Token))
            {
                switch (happening)
                {
                    case StatusChanged changed:
                        _live[id] = changed.Status with { Chosen = IsChosen(id) };
                        gains.Saw(changed.Status);
                        if (changed.Status.State == JobState.Done)
                            Ended?.Invoke(changed.Status);
                        break;
                    case MoveEnded ended:
                        gains.Moved(id, ended.Move);
                        break;
                    case GuestNeeded needed:
                        _ = BringGuestAsync(id, needed, null);
                        break;
                    default:
                        break;
                }
            }
        }
        catch (SocketException)
        {
            // Nobody listens: it has ended.
        }
        catch (OperationCanceledException)
        {
            return;
        }

        gains.Forget(id);
        lock (_bringing)
            _brought.Remove(id);
        if (JobRecords.Status(folders.RecordOf(id)) is { State: JobState.Lost })
        {
            LogLost(log, id);
            Orphans.End(folders.HomeRunOf(id));
            SettleLinks(folders.RecordOf(id));
        }

        _live.TryRemove(id, out _);
        FolderRemoval.Remove(folders.HomeRunOf(id));
    }

    private async Task BringGuestAsync(string id, GuestNeeded needed, JobPlace? place)
    {
        // The deputy asks for its first guest when it has begun; that is on its way since its job was started. Incarnations only grow.
        lock (_bringing)
        {
            if (_brought.GetValueOrDefault(id) >= needed.Incarnation)
                return;
            _brought[id] = needed.Incarnation;
        }

        place ??= new JobPlaceOf(folders.HomeRunOf(id)).Read();
        if (await guests.StartAsync(needed.Node, place, needed.Incarnation, Live(id)?.Uid ?? 0, _stopping.Token) is { } refusal)
            await TellAsync(id, new GuestRefused(needed.Node, needed.Incarnation, refusal), _stopping.Token);
    }

    private void SettleLinks(string record)
    {
        var job = Path.GetFileName(record);
        foreach (var path in LinkRemaps.Settle(record))
            LogLeft(log, path, job);
    }

    private bool IsChosen(string id) => File.Exists(Path.Combine(folders.HomeRunOf(id), ChosenNote));

    private IEnumerable<JobStatus> Recorded()
    {
        if (!Directory.Exists(folders.Records))
            yield break;
        foreach (var record in Directory.EnumerateDirectories(folders.Records))
        {
            if (JobRecords.Status(record) is { } status)
                yield return status;
        }
    }

    private string HomeAddress() =>
        runtime.Current is { } cluster && cluster.Roster.Current.Nodes.TryGetValue(cluster.NodeName, out var self) ? self.Address : "";

    private void Prune()
    {
        foreach (var old in Recorded().Where(job => !_live.ContainsKey(job.Id)).OrderByDescending(job => job.Started).Skip(KeepFinished).ToList())
            FolderRemoval.Remove(folders.RecordOf(old.Id));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "job {Job} is lost: its supervisor is gone without a word")]
    private static partial void LogLost(ILogger log, string job);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Path} was left by a move of {Job} that broke off, and is removed")]
    private static partial void LogLeft(ILogger log, string path, string job);
}
