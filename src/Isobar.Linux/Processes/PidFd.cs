using System.Runtime.InteropServices;
using Isobar.Linux.Kernel;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Processes;

/// <summary>Process descriptors (pidfd_open(2), kernel 5.3): a signal by one can never reach another process that got the same number.</summary>
public static class PidFd
{
    /// <exception cref="KernelException">The process is gone, or the number is that of a thread.</exception>
    public static SafeFileHandle Open(int pid) => FileDescriptor.Own(WaitNative.OpenPidFd(pid), "watch process", $"{pid}");

    /// <summary>Null when there is no such process any more.</summary>
    public static SafeFileHandle? TryOpen(int pid)
    {
        var fd = WaitNative.OpenPidFd(pid);
        if (fd >= 0)
            return new SafeFileHandle(fd, true);
        return Marshal.GetLastPInvokeError() is Errno.NoProcess or Errno.InvalidArgument ? null : throw KernelException.Last("watch process", $"{pid}");
    }

    /// <summary>Sends a signal; false when the process is gone (a zombie still takes signals, without effect).</summary>
    public static bool Signal(SafeFileHandle pidFd, int signal)
    {
        if (WaitNative.SendSignal(FileDescriptor.Number(pidFd), signal) == 0)
            return true;
        return Marshal.GetLastPInvokeError() == Errno.NoProcess ? false : throw KernelException.Last("signal a process");
    }
}
