using Isobar.Linux.Criu;
using Isobar.Protocol.Jobs;
using Isobar.Protocol.Links;

namespace Isobar.Supervisor.Deputies;

/// <summary>
/// The home's part of a job for the whole of its life: its authority (incarnation and journal), and whoever speaks for its user, its host and its moves.
/// </summary>
internal sealed partial class Deputy : IDisposable
{
    /// <summary>What a shell gets when it is Isobar that failed, and not the program.</summary>
    private const int NotTheProgram = 125;

    private static readonly TimeSpan ClientMustCome = TimeSpan.FromSeconds(15);
    /// <summary>A host that hears nothing in this time asks later, and is told by the daemon that the job is over.</summary>
    private static readonly TimeSpan HostHearsWithin = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LaunchWithin = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan FenceWithin = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(3);

    /// <summary>Silence of the job's node after which listings say so; well below the lease, by which the job is frozen there.</summary>
    private static readonly TimeSpan SilenceShows = TimeSpan.FromSeconds(6);

    private readonly SupervisorConfig _config;
    private readonly JobSpec _spec;
    private readonly Journal _journal;
    private readonly IHostOpener _opener;
    private readonly JobStatusBoard _board;
    private readonly JobFiles _files;
    private readonly StreamSwitch _streams = new();
    private readonly TaskCompletionSource<JobEnd> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _launched = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim _oneMove = new(1);
    private HostConnection? _host;
    private ClientSession? _client;
    private double _cpuOfEarlierHosts;
    private int _lastIncarnation;

    public Deputy(SupervisorConfig config, Journal journal, IHostOpener opener, JobStatusBoard board, JobFiles files)
    {
        _config = config;
        _spec = config.Spec ?? throw new ArgumentException("A deputy needs the program.", nameof(config));
        _journal = journal;
        _opener = opener;
        _board = board;
        _files = files;
    }

    public Task<JobEnd> End => _end.Task;

    public string Home => _config.Node;

    public JobSpec Spec => _spec;

    public JobPlace Place => _config.Place;

    /// <summary>What is kept of the job on disk.</summary>
    public string RecordFolder => _config.RecordDirectory!;

    /// <summary>Where the run folders of all jobs of this home are.</summary>
    public string JobsFolder => Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(_config.RunDirectory))!;

    /// <summary>The incarnation that runs; every older one is refused.</summary>
    public int Incarnation => _host?.Incarnation ?? 0;

    public bool HasEnded => _end.Task.IsCompleted;

    /// <summary>
    /// A number for an attempt to run the job at another place, never given twice: what an attempt that failed has left at a node must not be taken for the
    /// next one.
    /// </summary>
    public int NextIncarnation() => _lastIncarnation = Math.Max(_lastIncarnation, Incarnation) + 1;

    /// <summary>Where the job runs.</summary>
    public HostConnection? Host => _host;

    public Journal Journal => _journal;

    public JobStatusBoard Board => _board;

    /// <summary>The job's input and output at home.</summary>
    public StreamSwitch Streams => _streams;

    /// <summary>Starts the program and stays with the job until it has ended and its user has got everything.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        _journal.TryAdd(new JobCreated(DateTimeOffset.UtcNow, _config.Place.Id, _spec.Name, _spec.Uid, _spec.CommandLine, _spec.Detached, _spec.Stay));
        if (!_spec.Detached)
            _ = GiveUpWithoutClientAsync();
        await StartAsync(_config.StartNode ?? Home, cancellationToken).ConfigureAwait(false);
        _ = WatchSilenceAsync(cancellationToken);
        var end = await _end.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        _journal.TryAdd(new JobFinished(DateTimeOffset.UtcNow, end, _board.Current.CpuSeconds));
        await _streams.DeliveredAsync(_spec.Detached ? TimeSpan.Zero : ClientMustCome, cancellationToken).ConfigureAwait(false);
        _board.Update(status => status with { State = JobState.Done, ExitCode = end.ExitCode, Reason = end.Reason, Ended = DateTimeOffset.UtcNow });
        if (_client is { } client)
        {
            await client.TellAsync(new JobEnded(end)).ConfigureAwait(false);
            client.Link.Close();
            // This process ends next: what the link still holds would be lost with it. A user who has gone closes it, too.
            await client.Link.Closed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        if (_host is { } host)
        {
            await host.DismissAsync().ConfigureAwait(false);
            await Task.WhenAny(host.Link.Closed, Task.Delay(HostHearsWithin, cancellationToken)).ConfigureAwait(false);
        }
    }

    /// <summary>The user's command has come: from now on the job's output goes there, and its input comes from there.</summary>
    public async Task AttachAsync(ResumableLink link, CancellationToken cancellationToken)
    {
        using var client = new ClientSession(link);
        if (_spec.Detached || Interlocked.CompareExchange(ref _client, client, null) is not null)
        {
            link.CloseNow();
            return;
        }

        _streams.Attach(link);
        await client.ListenAsync(HandleClientAsync, cancellationToken).ConfigureAwait(false);
        // The user's command is gone (its terminal closed, or it was killed): the job sees what it would see at a shell.
        if (!_end.Task.IsCompleted)
            await TellHostAsync(new HangUp()).ConfigureAwait(false);
    }

    public ValueTask SignalAsync(int signal, SignalScope scope) => TellHostAsync(new SignalJob(signal, scope));

    /// <summary>Lets the job stand still where it is, or run in the background, or go on; a failure in one sentence.</summary>
    public async Task<string?> HoldAsync(HoldCommand hold)
    {
        // A move ends it anyway: the target has its own rules.
        if (!await _oneMove.WaitAsync(TimeSpan.Zero).ConfigureAwait(false))
            return $"job {_config.Place.Id} is being moved, or its pages are.";
        try
        {
            if (_host is not { } host || host.Node != hold.Node)
                return $"job {_config.Place.Id} is not on {hold.Node}.";
            await TellHostAsync(new HoldJob(hold.Hold is { IsStill: true }, hold.Hold is { IsStill: false })).ConfigureAwait(false);
            _board.Update(status => status with { Held = hold.Hold });
            return null;
        }
        finally
        {
            _oneMove.Release();
        }
    }

    /// <summary>The node's daemon has nothing of the job, or the node is no member any more. It counts only while the node's supervisor is not heard of: the word may be late.</summary>
    public void Lost(GuestLost lost)
    {
        var node = lost.Node;
        if (_host?.Node != node || node == Home || !IsSilent)
            return;
        var why = lost.IsMember ? $"its supervisor on {node} was killed, or {node} was started anew" : $"{node} was taken out of the cluster";
        GiveUp(new JobEnd(NotTheProgram, $"the job is lost: {why}; start it again."));
    }

    /// <summary>Runs one move; moves of one job come one after the other.</summary>
    public async Task<MoveRecord> MoveAsync(MoveCommand wish, Action<MoveAdvanced> progress, CancellationToken cancellationToken)
    {
        await _oneMove.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // A job that is just being started is moved as soon as it runs.
            await Task.WhenAny(_launched.Task, _end.Task).WaitAsync(LaunchWithin, cancellationToken).ConfigureAwait(false);
            if (_end.Task.IsCompleted || _host is null)
                throw new MoveException($"job {_config.Place.Id} has ended.");
            return await new MoveCoordinator(this, _opener).MoveAsync(wish, progress, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _oneMove.Release();
        }
    }

    /// <summary>Older incarnations get no more of the home's files, and what they asked for is done or refused.</summary>
    internal async Task FenceFilesAsync(int incarnation)
    {
        try
        {
            await _files.FenceAsync(incarnation).WaitAsync(FenceWithin).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // New requests are refused already; one that hangs in the home's own file system must not keep the job frozen.
        }
    }

    /// <summary>The job runs at another host from now on.</summary>
    internal void SwitchTo(HostConnection host, Sent sent)
    {
        _streams.SwitchTo(host.Link, sent);
        _cpuOfEarlierHosts = _board.Current.CpuSeconds;
        _host = host;
    }

    /// <summary>Listens to a host; its reports count while it is the present one.</summary>
    internal void Listen(HostConnection host) =>
        _ = host.ListenAsync(report => HandleHostAsync(host, report), CancellationToken.None);

    public void Dispose()
    {
        _oneMove.Dispose();
        _streams.Dispose();
        _host?.Dispose();
    }

    private async Task StartAsync(string node, CancellationToken cancellationToken)
    {
        try
        {
            if (_spec.Detached)
                _streams.Keep(JournalFile.LogIn(RecordFolder));
            var host = await _opener.OpenAsync(node, JobStatus.FirstIncarnation, cancellationToken).ConfigureAwait(false);
            _streams.Begin(host.Link);
            _host = host;
            _journal.TryAdd(new JobPlaced(DateTimeOffset.UtcNow, host.Incarnation, node));
            Listen(host);
            await host.TellAsync(new Launch(_spec, _config.Place), cancellationToken).ConfigureAwait(false);
            var step = await host.NextStepAsync<HostMessage>(host.Incarnation, LaunchWithin, "starting the program", cancellationToken).ConfigureAwait(false);
            if (step is LaunchFailed failed)
                Finish(new JobEnd(failed.ExitCode, failed.Reason));
            else
                _board.Update(status => status with { State = JobState.Running, Node = node, Incarnation = host.Incarnation });
            _launched.TrySetResult();
        }
        catch (LinkClosedException)
        {
            // It was told nothing yet, so nothing of the job runs there.
            GiveUp(new JobEnd(NotTheProgram, $"{node} went away before the program could be started there: start it again, or look at the log of isobard on {node}."));
        }
        catch (Exception e) when (e is MoveException or IOException or UnauthorizedAccessException)
        {
            GiveUp(new JobEnd(NotTheProgram, e.Message));
        }
    }

    private async ValueTask HandleHostAsync(HostConnection host, HostMessage report)
    {
        switch (report)
        {
            case Exited exited when ReferenceEquals(host, _host):
                _board.Update(status => status with { CpuSeconds = Math.Max(status.CpuSeconds, _cpuOfEarlierHosts + exited.CpuSeconds) });
                Finish(new JobEnd(exited.ExitCode));
                break;
            case MainStopped stopped when ReferenceEquals(host, _host):
                _board.Update(status => status with { State = stopped.Stopped ? JobState.Stopped : JobState.Running });
                if (_client is { } client)
                    await client.TellAsync(stopped.Stopped ? new JobStopped() : new JobContinued()).ConfigureAwait(false);
                break;
            case Usage usage when ReferenceEquals(host, _host):
                _board.Update(status => status with
                {
                    CpuSeconds = _cpuOfEarlierHosts + usage.CpuSeconds,
                    ResidentBytes = usage.ResidentBytes,
                    Processes = usage.Processes,
                    Elsewhere = usage.Elsewhere,
                });
                break;
            case PagesPushed pushed when ReferenceEquals(host, _host):
                _pushing?.TrySetResult(pushed);
                break;
            case MayLink links:
                NoteLinks(links);
                break;
            case MoveProgress progress:
                _board.Publish(new MoveAdvanced("transfer", progress.Bytes, progress.EstimatedTotal));
                break;
            default:
                break;
        }
    }

    private void NoteLinks(MayLink links)
    {
        try
        {
            LinkRemaps.Note(RecordFolder, links.Files.Select(file => new NamelessFile(file.Folder, file.Inode)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A disk that is full or read-only: then the move cannot be written into the journal either.
        }
    }

    private bool IsSilent => _host is { } host && host.Link.SilentFor > SilenceShows;

    /// <summary>A node that is not heard of makes its job "unreachable" in listings, until it is heard of again.</summary>
    private async Task WatchSilenceAsync(CancellationToken cancellationToken)
    {
        var before = JobState.Running;
        while (!_end.Task.IsCompleted && !cancellationToken.IsCancellationRequested)
        {
            await Task.WhenAny(_end.Task, Task.Delay(LookEvery, cancellationToken)).ConfigureAwait(false);
            var silent = IsSilent;
            _board.Update(status =>
            {
                switch (status.State)
                {
                    case JobState.Running or JobState.Stopped when silent:
                        before = status.State;
                        return status with { State = JobState.Unreachable };
                    case JobState.Unreachable when !silent:
                        return status with { State = before };
                    default:
                        return status;
                }
            });
        }
    }

    private ValueTask HandleClientAsync(ClientMessage message) => message switch
    {
        ClientSignal signal => TellHostAsync(new SignalJob(signal.Signal, signal.Scope)),
        ClientWindow window => TellHostAsync(new ResizeWindow(window.Size)),
        _ => ValueTask.CompletedTask,
    };

    private async ValueTask TellHostAsync(DeputyMessage order)
    {
        try
        {
            if (_host is { } host)
                await host.TellAsync(order).ConfigureAwait(false);
        }
        catch (LinkClosedException)
        {
            // The job has just ended.
        }
    }

    private void Finish(JobEnd end)
    {
        _streams.Finish();
        _end.TrySetResult(end);
    }

    /// <summary>The job is over without a word of its host, who could else end what the outputs wait for.</summary>
    private void GiveUp(JobEnd end)
    {
        Finish(end);
        _host?.Link.CloseNow();
    }

    private async Task GiveUpWithoutClientAsync()
    {
        await Task.WhenAny(_end.Task, Task.Delay(ClientMustCome)).ConfigureAwait(false);
        if (_client is null)
            await TellHostAsync(new HangUp()).ConfigureAwait(false);
    }
}
