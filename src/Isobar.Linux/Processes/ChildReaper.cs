using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Isobar.Linux.Kernel;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Processes;

/// <summary>One thread that waits for all children by epoll(7) on their process descriptors (readable at exit since kernel 5.3).</summary>
internal sealed unsafe class ChildReaper
{
    private readonly SafeFileHandle _epoll = FileDescriptor.Own(WaitNative.EpollCreate(LibC.OpenCloseOnExec), "make an epoll instance");
    private readonly ConcurrentDictionary<int, ChildProcess> _children = new();

    private ChildReaper()
    {
        // Waiting costs no CPU; a small stack is enough for the loop.
        new Thread(Run, 256 * 1024) { IsBackground = true, Name = "isobar-reaper" }.Start();
    }

    public static ChildReaper Shared { get; } = new();

    /// <summary>Makes the thread, unless there is one: it has the namespaces of the thread that calls this first.</summary>
    public static void Start() => _ = Shared;

    public void Register(ChildProcess child)
    {
        var fd = FileDescriptor.Number(child.PidFd);
        _children[fd] = child;
        var description = stackalloc byte[WaitNative.EpollEventSize];
        *(uint*)description = WaitNative.EpollIn | WaitNative.EpollOneShot;
        *(long*)(description + WaitNative.EpollDataOffset) = fd;
        if (WaitNative.EpollControl(FileDescriptor.Number(_epoll), WaitNative.EpollAdd, fd, description) == 0)
            return;
        _children.TryRemove(fd, out _);
        throw KernelException.Last("watch process", $"{child.Pid}");
    }

    private void Run()
    {
        const int Capacity = 32;
        var events = stackalloc byte[WaitNative.EpollEventSize * Capacity];
        while (true)
        {
            var count = WaitNative.EpollWait(FileDescriptor.Number(_epoll), events, Capacity, -1);
            if (count < 0 && Marshal.GetLastPInvokeError() != Errno.Interrupted)
                throw KernelException.Last("wait for children");
            for (var i = 0; i < count; i++)
            {
                var fd = (int)*(long*)(events + (i * WaitNative.EpollEventSize) + WaitNative.EpollDataOffset);
                if (!_children.TryRemove(fd, out var child))
                    continue;
                _ = WaitNative.EpollControl(FileDescriptor.Number(_epoll), WaitNative.EpollDelete, fd, null);
                child.Reap();
            }
        }
    }
}
