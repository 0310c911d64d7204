using System.Runtime.InteropServices;
using Isobar.Linux.Kernel;

namespace Isobar.Linux.Processes;

/// <summary>kill(2), for process groups and for processes that are not our children.</summary>
public static partial class SignalSender
{
    /// <summary>Sends a signal to a process, or to a process group when the number is negative; false when there is no such process.</summary>
    /// <exception cref="KernelException">The kernel does not permit it.</exception>
    public static bool Send(int pid, int signal)
    {
        if (KillCall(pid, signal) == 0)
            return true;
        var error = Marshal.GetLastPInvokeError();
        return error == Errno.NoProcess ? false : throw new KernelException($"send signal {signal} to process", $"{pid}", error);
    }

    [LibraryImport(LibC.Name, EntryPoint = "kill", SetLastError = true)]
    private static partial int KillCall(int pid, int signal);
}
