using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Isobar.Linux.Kernel;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Pipes;

/// <summary>
/// Awaiting that a pipe or terminal can be read or written, with one thread for all (epoll(7)). The runtime has this for sockets only; for pipes it
/// would block a thread of the pool each, and could not give up.
/// </summary>
public sealed partial class Readiness
{
    private const int Add = 1;
    private const int Delete = 2;
    private const uint In = 1;
    private const uint Out = 4;
    private const uint OneShot = 1u << 30;

    private readonly ConcurrentDictionary<ulong, TaskCompletionSource> _waiting = new();
    private readonly int _epoll;
    private ulong _last;

    private Readiness()
    {
        _epoll = Create(LibC.OpenCloseOnExec);
        if (_epoll < 0)
            throw KernelException.Last("make an epoll instance");
        new Thread(Loop) { IsBackground = true, Name = "readiness" }.Start();
    }

    public static Readiness Shared { get; } = new();

    /// <summary>Completes when a read will not block: data, end of file or an error is there.</summary>
    public Task ReadableAsync(SafeFileHandle handle, CancellationToken cancellationToken) => WaitAsync(handle, In, cancellationToken);

    /// <summary>Completes when a write will not block.</summary>
    public Task WritableAsync(SafeFileHandle handle, CancellationToken cancellationToken) => WaitAsync(handle, Out, cancellationToken);

    private async Task WaitAsync(SafeFileHandle handle, uint events, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        // A duplicate for each wait: epoll knows a descriptor once only, but we may await reading and writing of one terminal at the same time.
        using var own = FileDescriptor.Duplicate(handle);
        var key = Interlocked.Increment(ref _last);
        var source = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[key] = source;
        try
        {
            Control(own, events, key);
            await source.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _waiting.TryRemove(key, out _);
            Forget(own);
        }
    }

    private unsafe void Control(SafeFileHandle handle, uint events, ulong key)
    {
        var wanted = new EpollEvent { Events = events | OneShot, Key = key };
        if (Change(_epoll, Add, FileDescriptor.Number(handle), &wanted) != 0)
            throw KernelException.Last("await a descriptor");
    }

    // Closing alone would not do: epoll watches the open file, which the original descriptor keeps alive.
    private unsafe void Forget(SafeFileHandle handle) => _ = Change(_epoll, Delete, FileDescriptor.Number(handle), null);

    private unsafe void Loop()
    {
        var events = stackalloc EpollEvent[16];
        while (true)
        {
            var count = Wait(_epoll, events, 16, -1);
            if (count < 0 && Marshal.GetLastPInvokeError() != Errno.Interrupted)
                return;
            for (var i = 0; i < count; i++)
            {
                if (_waiting.TryGetValue(events[i].Key, out var source))
                    source.TrySetResult();
            }
        }
    }

    [LibraryImport(LibC.Name, EntryPoint = "epoll_create1", SetLastError = true)]
    private static partial int Create(int flags);

    [LibraryImport(LibC.Name, EntryPoint = "epoll_ctl", SetLastError = true)]
    private static unsafe partial int Change(int epoll, int operation, int fd, EpollEvent* wanted);

    [LibraryImport(LibC.Name, EntryPoint = "epoll_wait", SetLastError = true)]
    private static unsafe partial int Wait(int epoll, EpollEvent* events, int most, int milliseconds);

    // x86-64 alone packs this structure (linux/eventpoll.h, EPOLL_PACKED).
    [StructLayout(LayoutKind.Sequential, Pack = 4)]
    private struct EpollEvent
    {
        public uint Events;
        public ulong Key;
    }
}
