using System.Net.Sockets;
using System.Runtime.InteropServices;
using Isobar.Cli.Terminal;
using Isobar.Linux.Clocks;
using Isobar.Linux.Pipes;
using Isobar.Linux.Processes;
using Isobar.Linux.Sockets;
using Isobar.Protocol.Jobs;
using Isobar.Protocol.Links;
using Terminals = Isobar.Linux.Terminals;

namespace Isobar.Cli.Jobs;

/// <summary>The time between start and end of an attached job: carries the user's input and signals to its deputy, and its output and end back.</summary>
internal sealed class JobSession : IDisposable
{
    private const int Stop = 19;
    private const int LostConnection = ExitCodes.Failure;

    private readonly JobSpec _spec;
    private readonly string _socketPath;
    private readonly ResumableLink _link = new(JobChannels.Count, BootClock.Instance) { IsLocal = true };
    private readonly MessageStream<ClientMessage> _toDeputy;
    private readonly MessageStream<AttachMessage> _fromDeputy;
    private readonly List<IDisposable> _signals = [];
    private byte[]? _settings;

    public JobSession(JobSpec spec, string socketPath)
    {
        _spec = spec;
        _socketPath = socketPath;
        _toDeputy = new MessageStream<ClientMessage>(_link[JobChannels.Control], JobJson.Default.ClientMessage);
        _fromDeputy = new MessageStream<AttachMessage>(_link[JobChannels.Control], JobJson.Default.AttachMessage);
    }

    /// <summary>Stays until the job has ended; its exit code, and the reason if Isobar ended it.</summary>
    public async Task<JobEnd> RunAsync(CancellationToken cancellationToken)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(_socketPath), cancellationToken);
        DescriptorPassing.Send((int)socket.Handle, HelloFrame.Of(new AttachHello()));
        CatchSignals();
        EnterRaw();
        try
        {
            _ = CarryAsync(new NetworkStream(socket, ownsSocket: false), cancellationToken);
            var outputs = Task.WhenAll(Output(JobChannels.Output, 1), Output(JobChannels.Error, 2));
            StartInput();
            var end = await ListenAsync(cancellationToken);
            // After the end's message nothing more is written into the channels, but it may still be on its way to our descriptors.
            await Task.WhenAny(outputs, Task.Delay(Timeout.Infinite, cancellationToken));
            // Not waited for: that its socket is closed would be told by an exception, which takes longer than the rest of the end.
            _link.CloseNow();
            return end;
        }
        finally
        {
            LeaveRaw();
        }
    }

    public void Dispose()
    {
        foreach (var signal in _signals)
            signal.Dispose();
        _toDeputy.Dispose();
        _fromDeputy.Dispose();
    }

    private async Task CarryAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        await _link.RunAsync(stream, cancellationToken);
        _link.CloseNow();
    }

    private async Task<JobEnd> ListenAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (await _fromDeputy.ReceiveAsync(cancellationToken) is { } message)
            {
                switch (message)
                {
                    case JobEnded ended:
                        return ended.End;
                    // Job control is a terminal's. A script only waits for longer, and nobody would continue it.
                    case JobStopped when _spec.UsesTerminal:
                        StopOurselves();
                        break;
                    default:
                        break;
                }
            }
        }
        catch (LinkClosedException)
        {
            // Said below.
        }

        return new JobEnd(LostConnection, "the job's supervisor is gone: it was killed, and the job with it.");
    }

    /// <summary>The job was stopped by Ctrl-Z: so are we, for the shell's job control; when the shell continues us, the job goes on.</summary>
    private void StopOurselves()
    {
        LeaveRaw();
        SignalSender.Send(Environment.ProcessId, Stop);
        EnterRaw();
        Send(new ClientSignal(18, SignalScope.Group));
        SendWindow();
    }

    private Task Output(int channel, int fd)
    {
        var spec = channel == JobChannels.Output ? _spec.Output : _spec.Error;
        // A job with a terminal writes to one place only.
        if (spec.Kind is not (StdioKind.Pipe or StdioKind.Terminal) || (channel == JobChannels.Error && spec.Kind == StdioKind.Terminal && _spec.Output.Kind == StdioKind.Terminal))
            return Task.CompletedTask;
        var target = spec.Kind == StdioKind.Terminal && fd == 1 && _spec.Output.Kind != StdioKind.Terminal ? 2 : fd;
        var output = new BlockingDescriptor(target);
        var pump = new BytePump(_link[channel].ReadAsync, output.WriteAsync);
        pump.Start();
        return pump.Completion;
    }

    private void StartInput()
    {
        if (_spec.Input.Kind is not (StdioKind.Pipe or StdioKind.Terminal))
        {
            _link[JobChannels.Input].Complete();
            return;
        }

        var input = new BlockingDescriptor(0);
        new BytePump(input.ReadAsync, _link[JobChannels.Input].WriteSomeAsync, _link[JobChannels.Input].Complete).Start();
    }

    private void CatchSignals()
    {
        // As a terminal's keys would reach the program's group, and as kill(1) would reach the program alone.
        foreach (var (signal, scope) in new (int, SignalScope)[]
        {
            (1, SignalScope.Group), (2, SignalScope.Group), (3, SignalScope.Group), (15, SignalScope.Main), (10, SignalScope.Main), (12, SignalScope.Main), (20, SignalScope.Group),
        })
        {
            if (_spec.IgnoredSignals.Contains(signal))
                continue;
            _signals.Add(PosixSignalRegistration.Create((PosixSignal)signal, context =>
            {
                context.Cancel = true;
                Send(new ClientSignal(signal, scope));
            }));
        }

        _signals.Add(PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => SendWindow()));
    }

    private void SendWindow()
    {
        var fd = _spec.Output.Kind == StdioKind.Terminal ? 1 : 0;
        if (Terminals.Terminal.Window(fd) is var (columns, rows))
            Send(new ClientWindow(new WindowSize(columns, rows)));
    }

    private void Send(ClientMessage message) => _ = SendAsync(message);

    private async Task SendAsync(ClientMessage message)
    {
        try
        {
            await _toDeputy.SendAsync(message);
        }
        catch (LinkClosedException)
        {
            // The job has just ended.
        }
    }

    private void EnterRaw()
    {
        if (_spec.Input.Kind == StdioKind.Terminal)
            _settings = Terminals.Terminal.MakeRaw(0);
    }

    private void LeaveRaw()
    {
        if (_settings is { } settings)
            Terminals.Terminal.SetAttributes(0, settings);
        _settings = null;
    }
}
