using System.Runtime.InteropServices;
using Isobar.Linux.Kernel;

namespace Isobar.Linux.Processes;

/// <summary>Makes this process the parent of every descendant that loses its own (PR_SET_CHILD_SUBREAPER, kernel 3.4).</summary>
public static class Subreaper
{
    public static bool IsEnabled
    {
        get
        {
            var value = 0;
            unsafe
            {
                return WaitNative.ProcessControl(WaitNative.GetChildSubreaper, (nuint)(&value), 0, 0, 0) == 0 && value != 0;
            }
        }
    }

    public static void Enable()
    {
        if (WaitNative.ProcessControl(WaitNative.SetChildSubreaper, 1, 0, 0, 0) != 0)
            throw KernelException.Last("become the reaper of orphaned processes");

        // Before there is work for it, so that the first child does not wait for the thread.
        ChildReaper.Start();
    }

    /// <summary>
    /// Reaps an adopted child that has ended and that no <see cref="ChildProcess"/> stands for. Null when it still runs or is not our child.
    /// </summary>
    public static unsafe ExitStatus? TryReap(int pid)
    {
        SignalInfo info = default;
        int result;
        do
        {
            result = WaitNative.WaitId(WaitNative.IdPid, pid, &info, WaitNative.Exited | WaitNative.NoHang);
        }
        while (result != 0 && Marshal.GetLastPInvokeError() == Errno.Interrupted);
        return result == 0 && info.Pid != 0 ? info.ToExitStatus() : null;
    }
}
