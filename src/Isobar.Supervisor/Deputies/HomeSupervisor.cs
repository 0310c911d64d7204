using Isobar.Linux.Clocks;
using Isobar.Linux.Sockets;
using Isobar.Protocol.Jobs;
using Isobar.Protocol.Links;
using Isobar.Protocol.Security;
using Isobar.Supervisor.Control;
using Isobar.Supervisor.Transport;

namespace Isobar.Supervisor.Deputies;

/// <summary>A job's supervisor at home: the deputy, and whoever speaks to it through its socket.</summary>
internal sealed class HomeSupervisor : IAsyncDisposable
{
    private const int Stop = 19;
    private const int Continue = 18;
    private static readonly TimeSpan StopShowsWithin = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan AnswersWithin = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _ended = new();
    private readonly Lazy<ClusterIdentity?> _identity;
    private readonly JobStatusBoard _board;
    private readonly HostOpener _opener;
    private readonly Journal _journal;
    private readonly Deputy _deputy;
    private readonly JobFiles _files;
    private readonly TaskCompletionSource _nobodyAsks = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _answering;
    private volatile bool _isEnding;

    public HomeSupervisor(SupervisorConfig config)
    {
        var spec = config.Spec!;
        // Only a job that goes elsewhere needs it.
        _identity = new Lazy<ClusterIdentity?>(() => config.IdentityDirectory is { } folder && ClusterIdentity.Exists(folder) ? NodeIdentity.In(folder) : null);
        _board = new JobStatusBoard(new JobStatus
        {
            Id = config.Place.Id,
            Name = spec.Name,
            Uid = spec.Uid,
            State = JobState.Starting,
            Node = config.StartNode ?? config.Node,
            Incarnation = 1,
            Command = spec.CommandLine,
            Started = DateTimeOffset.UtcNow,
            Detached = spec.Detached,
            Stay = spec.Stay,
            MaxMoves = spec.MaxMoves,
            Nodes = spec.Nodes,
            MinMemoryBytes = spec.MinMemoryBytes,
            Priority = spec.Priority,
            Wishes = spec.Wishes,
        });
        _opener = new HostOpener(config, _identity, _board, _ended.Token);
        _journal = new Journal(config.RecordDirectory!);
        _files = new JobFiles(spec);
        _deputy = new Deputy(config, _journal, _opener, _board, _files);
    }

    public async Task RunAsync(SupervisorSocket socket, CancellationToken cancellationToken)
    {
        var serving = socket.ServeAsync(ServeAsync, _ended.Token);
        await _deputy.RunAsync(cancellationToken).ConfigureAwait(false);
        await LetAnswersOutAsync().ConfigureAwait(false);
        await _opener.HostHasGoneAsync().ConfigureAwait(false);
        await _ended.CancelAsync().ConfigureAwait(false);
        await serving.ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        _deputy.Dispose();
        await _files.DisposeAsync().ConfigureAwait(false);
        await _journal.DisposeAsync().ConfigureAwait(false);
        _ended.Dispose();
    }

    private Task ServeAsync(Caller caller, CancellationToken cancellationToken) => caller.Hello switch
    {
        _ when caller.Uid != 0 && caller.Uid != _deputy.Spec.Uid => Task.CompletedTask,
        AttachHello => AttachAsync(caller, cancellationToken),
        TransportHello hello when caller.Uid == 0 => TransportAsync(hello, caller, cancellationToken),
        WatchHello when caller.Uid == 0 => WatchAsync(caller, cancellationToken),
        CommandHello { Command: var command } => CommandAsync(command, caller, cancellationToken),
        _ => Task.CompletedTask,
    };

    private async Task AttachAsync(Caller caller, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _answering);
        try
        {
            var link = new ResumableLink(JobChannels.Count, BootClock.Instance) { IsLocal = true };
            await using var stream = new System.Net.Sockets.NetworkStream(caller.Socket, ownsSocket: false);
            var carrying = CarryClientAsync(link, stream, cancellationToken);
            await _deputy.AttachAsync(link, cancellationToken).ConfigureAwait(false);
            await carrying.ConfigureAwait(false);
        }
        finally
        {
            Answered();
        }
    }

    private static async Task CarryClientAsync(ResumableLink link, Stream stream, CancellationToken cancellationToken)
    {
        await link.RunAsync(stream, cancellationToken).ConfigureAwait(false);
        // A command that is gone does not come back.
        link.CloseNow();
    }

    private async Task TransportAsync(TransportHello hello, Caller caller, CancellationToken cancellationToken)
    {
        if (caller.Descriptor is not { } descriptor || _identity.Value is not { } identity)
            return;
        var socket = DescriptorSockets.Take(descriptor);
        var admitted = await (hello.Role == JobTransport.FilesRole
            ? JobTransport.AcceptForThreadsAsync(identity, socket, opening => Refuse(hello.Role, opening), cancellationToken)
            : JobTransport.AcceptAsync(identity, socket, opening => Refuse(hello.Role, opening), cancellationToken)).ConfigureAwait(false);
        if (admitted is not var (stream, opening))
            return;
        if (hello.Role == JobTransport.ControlRole)
            await _opener.CarryAsync(opening, stream, cancellationToken).ConfigureAwait(false);
        else if (hello.Role == JobTransport.FilesRole)
            await _files.ServeAsync(stream, cancellationToken).ConfigureAwait(false);
        else if (_opener.Here?.TakeImages(stream) != true)
            await stream.DisposeAsync().ConfigureAwait(false);
    }

    private string? Refuse(string role, TransportOpening opening) => role switch
    {
        // An older one may still have to hear on its control link that it is over; files it gets no more.
        JobTransport.FilesRole when opening.Incarnation < _deputy.Incarnation => "superseded: the job has a newer incarnation.",
        JobTransport.ControlRole or JobTransport.FilesRole => _opener.Refuse(opening, _deputy.Incarnation),
        _ when role == JobTransport.MoveRole(opening.Incarnation) => _opener.Here is { } here ? here.RefuseImages(opening) : "no job is expected here.",
        _ => "this supervisor does not know what is wanted.",
    };

    private async Task WatchAsync(Caller caller, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _answering);
        try
        {
            await using var events = new EventStream(caller.Socket);
            using var until = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var happenings = _board.Watch(until.Token);
            foreach (var wanted in _opener.Wanted)
                await events.SendAsync(wanted, cancellationToken).ConfigureAwait(false);
            await foreach (var happening in happenings.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                await events.SendAsync(happening, cancellationToken).ConfigureAwait(false);
                if (happening is StatusChanged { Status.State: JobState.Done })
                    break;
            }

            await until.CancelAsync().ConfigureAwait(false);
        }
        finally
        {
            Answered();
        }
    }

    private async Task CommandAsync(SupervisorCommand command, Caller caller, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _answering);
        try
        {
            await using var events = new EventStream(caller.Socket);
            var done = await ObeyAsync(command, caller, events, cancellationToken).ConfigureAwait(false);
            await events.SendAsync(done, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Answered();
        }
    }

    private async Task<CommandDone> ObeyAsync(SupervisorCommand command, Caller caller, EventStream events, CancellationToken cancellationToken)
    {
        switch (command)
        {
            case KillCommand kill:
                return await SignalAsync(kill, cancellationToken).ConfigureAwait(false);
            case HoldCommand hold when caller.Uid == 0:
                return new CommandDone(await _deputy.HoldAsync(hold).ConfigureAwait(false));
            case PageOutCommand pages when caller.Uid == 0:
                return await _deputy.PageOutAsync(pages, cancellationToken).ConfigureAwait(false);
            case AwaitCommand:
                return new CommandDone(End: await _deputy.End.WaitAsync(cancellationToken).ConfigureAwait(false));
            case GuestRefused refusal when caller.Uid == 0:
                _opener.Refused(refusal);
                return new CommandDone();
            case GuestLost lost when caller.Uid == 0:
                _deputy.Lost(lost);
                return new CommandDone();
            case MoveCommand move:
                return await MoveAsync(move, events, cancellationToken).ConfigureAwait(false);
            default:
                return new CommandDone("this supervisor does not know the command.");
        }
    }

    private async Task<CommandDone> SignalAsync(KillCommand kill, CancellationToken cancellationToken)
    {
        JobState? outcome = kill switch
        {
            { Scope: SignalScope.All, Signal: Stop } => JobState.Stopped,
            { Scope: SignalScope.All, Signal: Continue } => JobState.Running,
            _ => null,
        };
        using var until = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var happenings = _board.Watch(until.Token);
        await _deputy.SignalAsync(kill.Signal, kill.Scope).ConfigureAwait(false);
        // `isobar stop` returns when the job stands still and `isobar ps` says so. Not for ever: a job that is just being moved or cut off stops later.
        until.CancelAfter(outcome is null ? TimeSpan.Zero : StopShowsWithin);
        await foreach (var happening in happenings.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
        {
            if (outcome is null || (happening is StatusChanged { Status.State: var state } && (state == outcome || state == JobState.Done)))
                break;
        }

        await until.CancelAsync().ConfigureAwait(false);
        return new CommandDone();
    }

    private async Task<CommandDone> MoveAsync(MoveCommand move, EventStream events, CancellationToken cancellationToken)
    {
        using var until = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var relay = RelayProgressAsync(_board.Watch(until.Token), events, cancellationToken);
        try
        {
            // Not cancelled when the caller goes: a move under way ends by itself, one way or the other.
            var record = await _deputy.MoveAsync(move, _board.Publish, _ended.Token).ConfigureAwait(false);
            await until.CancelAsync().ConfigureAwait(false);
            await relay.ConfigureAwait(false);
            await events.SendAsync(new MoveEnded(record), cancellationToken).ConfigureAwait(false);
            return new CommandDone(record.Failure);
        }
        catch (MoveException e)
        {
            return new CommandDone(e.Message);
        }
        finally
        {
            await until.CancelAsync().ConfigureAwait(false);
        }
    }

    private static async Task RelayProgressAsync(System.Threading.Channels.ChannelReader<SupervisorEvent> happenings, EventStream events, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var happening in happenings.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                if (happening is MoveAdvanced)
                    await events.SendAsync(happening, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The caller has gone; the move goes on.
        }
    }

    private void Answered()
    {
        if (Interlocked.Decrement(ref _answering) == 0 && _isEnding)
            _nobodyAsks.TrySetResult();
    }

    /// <summary>Those who asked get their answer before the process ends, and a command that is attached can say its last words to somebody.</summary>
    private async Task LetAnswersOutAsync()
    {
        _isEnding = true;
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _answering) > 0)
            await Task.WhenAny(_nobodyAsks.Task, Task.Delay(AnswersWithin)).ConfigureAwait(false);
    }
}
