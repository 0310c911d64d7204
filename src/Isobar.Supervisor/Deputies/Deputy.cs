using Isobar.Protocol.Jobs;
using Isobar.Protocol.Links;

namespace Isobar.Supervisor.Deputies;

/// <summary>
/// The home's part of a job for the whole of its life: its authority (incarnation and journal), its user's terminal or pipes, the coordinator of its moves.
/// </summary>
internal sealed class Deputy : IDisposable
{
    private static readonly TimeSpan ClientMustCome = TimeSpan.FromSeconds(15);
    /// <summary>A host that hears nothing in this time asks later, and is told by the daemon that the job is over.</summary>
    private static readonly TimeSpan HostHearsWithin = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LaunchWithin = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan FenceWithin = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    /// <summary>Silence of the job's node after which listings say so; well below the lease, by which the job is frozen there.</summary>
    private static readonly TimeSpan SilenceShows = TimeSpan.FromSeconds(6);

    private readonly SupervisorConfig _config;
    private readonly JobSpec _spec;
    private readonly Journal _journal;
    private readonly IHostOpener _opener;
    private readonly JobStatusBoard _board;
    private readonly JobFiles _files;
    private readonly OutputRoute[] _outputs = [new(), new()];
    private readonly TaskCompletionSource<JobEnd> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _attached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _launched = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim _oneMove = new(1);
    private readonly List<Task> _outputPumps = [];
    private HostConnection? _host;
    private ClientSession? _client;
    private BytePump? _input;
    private double _cpuOfEarlierHosts;
    private int _lastIncarnation;

    public Deputy(SupervisorConfig config, Journal journal, IHostOpener opener, JobStatusBoard board, JobFiles files)
    {
        _files = files;
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

    /// <summary>Starts the program and stays with the job until it has ended and its user has got everything.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        _journal.TryAdd(new JobCreated(DateTimeOffset.UtcNow, _config.Place.Id, _spec.Name, _spec.Uid, _spec.CommandLine, _spec.Detached, _spec.Stay));
        if (_spec.Detached)
            StartLogs();
        else
            _ = GiveUpWithoutClientAsync();
        await StartAsync(_config.StartNode ?? Home, cancellationToken).ConfigureAwait(false);
        _ = WatchSilenceAsync(cancellationToken);
        var end = await _end.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        _journal.TryAdd(new JobFinished(DateTimeOffset.UtcNow, end, _board.Current.CpuSeconds));
        await DeliverLastOutputAsync(cancellationToken).ConfigureAwait(false);
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

        Connect(0, link[JobChannels.Output]);
        Connect(1, link[JobChannels.Error]);
        _attached.TrySetResult();
        if (_host is not null)
            StartInput();
        await client.ListenAsync(HandleClientAsync, cancellationToken).ConfigureAwait(false);
        // The user's command is gone (its terminal closed, or it was killed): the job sees what it would see at a shell.
        if (!_end.Task.IsCompleted)
            await TellHostAsync(new HangUp()).ConfigureAwait(false);
    }

    public ValueTask SignalAsync(int signal, SignalScope scope) => TellHostAsync(new SignalJob(signal, scope));

    /// <summary>Lets the job stand still where it is, or go on; a failure in one sentence.</summary>
    public async Task<string?> HoldAsync(HoldCommand hold)
    {
        // A move ends it anyway: the target has its own rules.
        if (!await _oneMove.WaitAsync(TimeSpan.Zero).ConfigureAwait(false))
            return $"job {_config.Place.Id} is being moved.";
        try
        {
            if (_host is not { } host || host.Node != hold.Node)
                return $"job {_config.Place.Id} is not on {hold.Node}.";
            await TellHostAsync(new HoldJob(hold.Reason is not null)).ConfigureAwait(false);
            _board.Update(status => status with { Suspended = hold.Reason });
            return null;
        }
        finally
        {
            _oneMove.Release();
        }
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

    /// <summary>Stops the flow of input to the present host and returns what was taken from the user but not handed to it.</summary>
    internal async Task<byte[]> PauseInputAsync()
    {
        if (_input is not { } input)
            return [];
        await input.PauseAsync().ConfigureAwait(false);
        return input.TakePending();
    }

    /// <summary>The move came to nothing: input flows to the present host again, what was taken first.</summary>
    internal async Task ResumeInputAsync(byte[] pending)
    {
        if (_host is not { } host || host.Link.IsClosed)
            return;
        await host.Link[JobChannels.Input].WriteAsync(pending).ConfigureAwait(false);
        _input?.Start();
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
    internal void SwitchTo(HostConnection host, Sent sent, byte[] pendingInput)
    {
        var old = _host!;
        _outputs[0].EndCurrent(sent.Output);
        _outputs[1].EndCurrent(sent.Error);
        _outputs[0].Append(host.Link[JobChannels.Output]);
        _outputs[1].Append(host.Link[JobChannels.Error]);
        var unread = old.Link[JobChannels.Input].Unconsumed(sent.InputTaken);
        _cpuOfEarlierHosts = _board.Current.CpuSeconds;
        _host = host;
        // In the background: the input window may be full until the job runs and reads again.
        _ = FeedAsync(host, [sent.UnreadInput, unread, pendingInput]);
    }

    /// <summary>Listens to a host; its reports count while it is the present one.</summary>
    internal void Listen(HostConnection host) =>
        _ = host.ListenAsync(report => HandleHostAsync(host, report), CancellationToken.None);

    public void Dispose()
    {
        _oneMove.Dispose();
        _host?.Dispose();
    }

    private async Task StartAsync(string node, CancellationToken cancellationToken)
    {
        try
        {
            var host = await _opener.OpenAsync(node, 1, cancellationToken).ConfigureAwait(false);
            _outputs[0].Append(host.Link[JobChannels.Output]);
            _outputs[1].Append(host.Link[JobChannels.Error]);
            _host = host;
            _journal.TryAdd(new JobPlaced(DateTimeOffset.UtcNow, host.Incarnation, node));
            Listen(host);
            if (_client is not null)
                StartInput();
            await host.TellAsync(new Launch(_spec, _config.Place), cancellationToken).ConfigureAwait(false);
            var step = await host.NextStepAsync<HostMessage>(host.Incarnation, LaunchWithin, "starting the program", cancellationToken).ConfigureAwait(false);
            if (step is LaunchFailed failed)
                Finish(new JobEnd(failed.ExitCode, failed.Reason));
            else
                _board.Update(status => status with { State = JobState.Running, Node = node, Incarnation = host.Incarnation });
            _launched.TrySetResult();
        }
        catch (MoveException e)
        {
            Finish(new JobEnd(125, e.Message));
        }
    }

    private async ValueTask HandleHostAsync(HostConnection host, HostMessage report)
    {
        switch (report)
        {
            case Exited exited when ReferenceEquals(host, _host):
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
                });
                break;
            case MoveProgress progress:
                _board.Publish(new MoveAdvanced("transfer", progress.Bytes, progress.EstimatedTotal));
                break;
            default:
                break;
        }
    }

    /// <summary>A node that is not heard of makes its job "unreachable" in listings, until it is heard of again.</summary>
    private async Task WatchSilenceAsync(CancellationToken cancellationToken)
    {
        var before = JobState.Running;
        while (!_end.Task.IsCompleted && !cancellationToken.IsCancellationRequested)
        {
            await Task.WhenAny(_end.Task, Task.Delay(LookEvery, cancellationToken)).ConfigureAwait(false);
            var silent = _host is { } host && host.Link.SilentFor > SilenceShows;
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
        // A host that is told nothing more would wait for ever with its outputs open.
        foreach (var route in _outputs)
            route.Finish();
        _end.TrySetResult(end);
    }

    private void StartInput()
    {
        if (_client is not { } client)
            return;
        var input = new BytePump(client.Link[JobChannels.Input].ReadAsync, WriteInputAsync, () => _host?.Link[JobChannels.Input].Complete());
        if (Interlocked.CompareExchange(ref _input, input, null) is null)
            input.Start();
    }

    private ValueTask<int> WriteInputAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        _host!.Link[JobChannels.Input].WriteSomeAsync(bytes, cancellationToken);

    private async Task FeedAsync(HostConnection host, byte[][] first)
    {
        try
        {
            foreach (var bytes in first)
                await host.Link[JobChannels.Input].WriteAsync(bytes).ConfigureAwait(false);
            if (_input is { Ended: true })
                host.Link[JobChannels.Input].Complete();
            else
                _input?.Start();
        }
        catch (LinkClosedException)
        {
            // The job ended at once.
        }
    }

    private void Connect(int stream, LinkChannel sink)
    {
        var pump = new BytePump(_outputs[stream].ReadAsync, sink.WriteSomeAsync, sink.Complete);
        pump.Start();
        _outputPumps.Add(pump.Completion);
    }

    private void StartLogs()
    {
        var log = new FileStream(JournalFile.LogIn(_config.RecordDirectory!), new FileStreamOptions
        {
            Mode = FileMode.Append,
            Access = FileAccess.Write,
            Share = FileShare.Read,
            BufferSize = 0,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        foreach (var route in _outputs)
        {
            var pump = new BytePump(
                route.ReadAsync,
                async (bytes, cancellationToken) =>
                {
                    await log.WriteAsync(bytes, cancellationToken).ConfigureAwait(false);
                    return bytes.Length;
                });
            pump.Start();
            _outputPumps.Add(pump.Completion);
        }
    }

    /// <summary>The user gets everything, however slowly he reads: a pump ends when all was taken, or when its reader has gone.</summary>
    private async Task DeliverLastOutputAsync(CancellationToken cancellationToken)
    {
        if (!_spec.Detached)
            await Task.WhenAny(_attached.Task, Task.Delay(ClientMustCome, cancellationToken)).ConfigureAwait(false);
        await Task.WhenAll(_outputPumps).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task GiveUpWithoutClientAsync()
    {
        await Task.WhenAny(_end.Task, Task.Delay(ClientMustCome)).ConfigureAwait(false);
        if (_client is null)
            await TellHostAsync(new HangUp()).ConfigureAwait(false);
    }
}
