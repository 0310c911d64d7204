using Isobar.Linux.Kernel;
using Isobar.Linux.Paging;
using Isobar.Linux.Processes;
using Isobar.Linux.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Supervisor.RemoteMemory;

/// <summary>
/// The process (Native/guard.c) that ends the job, should this one be killed while pages of the job are elsewhere: nobody could bring them any more, and the kernel would give zeros instead. Should it be killed
/// itself, another takes its place.
/// </summary>
internal sealed class PageGuard : IPageGuard, IDisposable
{
    // A limit of descriptors is seldom below a thousand; forks leave theirs behind when they end.
    private const int MostHeld = 256;
    private const byte Descriptor = (byte)'d';
    private const byte Quit = (byte)'q';
    private static readonly TimeSpan EndsWithin = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly SafeFileHandle _init;
    private List<SafeFileHandle> _held = [];
    private ChildProcess? _process;
    private SafeFileHandle? _socket;
    private int _sent;
    private bool _isOver;

    /// <param name="init">The job's init: with it the kernel ends the whole job.</param>
    public PageGuard(SafeFileHandle init)
    {
        _init = init;
        lock (_gate)
            Start();
    }

    public void Hold(SafeFileHandle userFault)
    {
        lock (_gate)
        {
            _held.Add(userFault);
            if (_sent >= MostHeld)
            {
                Renew();
                return;
            }

            try
            {
                Send(userFault);
            }
            catch (KernelException)
            {
                Renew();
            }
        }
    }

    public void LetGo()
    {
        lock (_gate)
        {
            _isOver = true;
            End(_process, _socket);
            _held.Clear();
        }
    }

    public void Dispose() => LetGo();

    // Under the lock.
    private void Start()
    {
        var (ours, theirs) = SocketPairs.Create();
        using (theirs)
        {
            using var errors = new SafeFileHandle(2, ownsHandle: false);
            _process = ProcessSpawner.Spawn(new SpawnRequest
            {
                Path = Environment.ProcessPath ?? throw new IOException("the supervisor's own program is not known."),
                Arguments = ["isobar-supervisor", "guard-pages"],
                Environment = [],
                Directory = "/",
                Descriptors = new Dictionary<int, SafeFileHandle> { [2] = errors, [3] = theirs },
                NewSession = true,
            });
        }

        (_socket, _sent) = (ours, 0);
        Send(_init);
        _ = StartAgainAsync(_process);
    }

    private void Renew()
    {
        var (process, socket) = (_process, _socket);
        _held = [.. _held.Where(handle => !handle.IsClosed)];
        try
        {
            Start();
            foreach (var handle in _held)
                Send(handle);
        }
        catch (KernelException e)
        {
            throw new IOException($"the process that guards the job's pages cannot be started: {e.Message}", e);
        }

        // The old one only when the new one has all.
        End(process, socket);
    }

    private void Send(SafeFileHandle handle)
    {
        var isHeld = false;
        try
        {
            handle.DangerousAddRef(ref isHeld);
            // In the socket it is open as well, before it is received.
            DescriptorPassing.Send(FileDescriptor.Number(_socket!), [Descriptor], FileDescriptor.Number(handle));
            _sent++;
        }
        catch (ObjectDisposedException)
        {
            // Of a process that has just ended.
        }
        finally
        {
            if (isHeld)
                handle.DangerousRelease();
        }
    }

    private static void End(ChildProcess? process, SafeFileHandle? socket)
    {
        if (process is null || socket is null || socket.IsClosed)
            return;
        try
        {
            DescriptorPassing.Send(FileDescriptor.Number(socket), [Quit]);
        }
        catch (KernelException)
        {
            // It has gone.
        }

        process.WaitAsync().Wait(EndsWithin);
        socket.Dispose();
        process.Dispose();
    }

    private async Task StartAgainAsync(ChildProcess process)
    {
        await process.WaitAsync().ConfigureAwait(false);
        lock (_gate)
        {
            if (_isOver || !ReferenceEquals(_process, process))
                return;
            try
            {
                Renew();
            }
            catch (IOException e)
            {
                Console.Error.WriteLine($"isobar-supervisor: {e.Message}");
            }
        }
    }
}
