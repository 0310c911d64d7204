using Isobar.Linux.Kernel;
using Isobar.Linux.Processes;
using Isobar.Linux.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Supervisor.RemoteMemory;

/// <summary>One process that runs Native/guard.c, and the socket to it. For one thread at a time.</summary>
internal sealed class GuardProcess
{
    private const byte Descriptor = (byte)'d';
    private const byte Quit = (byte)'q';
    private static readonly TimeSpan EndsWithin = TimeSpan.FromSeconds(5);

    private readonly ChildProcess _process;
    private readonly SafeFileHandle _socket;

    /// <exception cref="KernelException">It cannot be started.</exception>
    public GuardProcess(string program)
    {
        var (ours, theirs) = SocketPairs.Create();
        _socket = ours;
        try
        {
            using var errors = new SafeFileHandle(2, ownsHandle: false);
            _process = ProcessSpawner.Spawn(new SpawnRequest
            {
                Path = program,
                Arguments = ["isobar-supervisor", "guard-pages"],
                Environment = [],
                Directory = "/",
                Descriptors = new Dictionary<int, SafeFileHandle> { [2] = errors, [3] = theirs },
                NewSession = true,
            });
        }
        catch
        {
            ours.Dispose();
            throw;
        }
        finally
        {
            theirs.Dispose();
        }
    }

    public int Pid => _process.Pid;

    /// <summary>Our end: when it is closed without a word, the job is ended.</summary>
    public SafeFileHandle Socket => _socket;

    /// <summary>Descriptors that it was given.</summary>
    public int Sent { get; private set; }

    public Task EndedAsync() => _process.WaitAsync();

    /// <summary>Gives it one more, unless it is closed. In the socket it is open as well, before it is received.</summary>
    /// <exception cref="KernelException">It has gone.</exception>
    public void Send(SafeFileHandle handle)
    {
        var isHeld = false;
        try
        {
            handle.DangerousAddRef(ref isHeld);
            DescriptorPassing.Send(FileDescriptor.Number(_socket), [Descriptor], FileDescriptor.Number(handle));
            Sent++;
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

    /// <summary>It closes all, without ending the job; waits until it has.</summary>
    public void End()
    {
        try
        {
            DescriptorPassing.Send(FileDescriptor.Number(_socket), [Quit]);
        }
        catch (KernelException)
        {
            // It has gone.
        }

        _process.WaitAsync().Wait(EndsWithin);
        _socket.Dispose();
        _process.Dispose();
    }
}
