using System.Runtime.InteropServices;
using Isobar.Linux.Kernel;

namespace Isobar.Linux.Processes;

/// <summary>What this process still has: a process that serves one job after the other must have nothing left of the one before.</summary>
public static class OwnResources
{
    /// <summary>Whether any child is left, running or not yet reaped.</summary>
    public static unsafe bool HasChildren
    {
        get
        {
            SignalInfo info = default;
            return WaitNative.WaitId(WaitNative.IdAll, 0, &info, WaitNative.Exited | WaitNative.NoHang | WaitNative.NoWait) == 0
                || Marshal.GetLastPInvokeError() != Errno.NoChild;
        }
    }

    /// <summary>How many descriptors are open.</summary>
    public static int Descriptors => Directory.EnumerateFileSystemEntries("/proc/self/fd").Count();
}
