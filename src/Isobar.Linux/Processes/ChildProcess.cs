using System.Runtime.InteropServices;
using Isobar.Linux.Kernel;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Processes;

/// <summary>
/// A child of this process, by birth or by adoption (see <see cref="Subreaper"/>). It is reaped as soon as it ends, whether or not anybody
/// waits for it; its exit status stays here.
/// </summary>
public sealed class ChildProcess : IDisposable
{
    private readonly TaskCompletionSource<ExitStatus> _exit = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ChildProcess(int pid, SafeFileHandle pidFd)
    {
        Pid = pid;
        PidFd = pidFd;
    }

    /// <summary>Its number in our PID namespace; no longer its own once <see cref="HasExited"/>.</summary>
    public int Pid { get; }

    /// <summary>Its process descriptor, owned by this object.</summary>
    public SafeFileHandle PidFd { get; }

    public bool HasExited => _exit.Task.IsCompleted;

    /// <summary>CPU time of the child and of all that it waited for, once it has ended; zero before.</summary>
    public TimeSpan CpuTime { get; private set; }

    /// <summary>Takes charge of a child that somebody else started: it must be our child already, and nobody else may wait for it.</summary>
    /// <exception cref="KernelException">There is no such process.</exception>
    public static ChildProcess Adopt(int pid)
    {
        var child = new ChildProcess(pid, Processes.PidFd.Open(pid));
        ChildReaper.Shared.Register(child);
        return child;
    }

    /// <summary>Its exit status, as soon as it has ended. Cancelling ends the waiting, not the child.</summary>
    /// <exception cref="KernelException">It is not a child of this process.</exception>
    public Task<ExitStatus> WaitAsync(CancellationToken cancellationToken = default) => _exit.Task.WaitAsync(cancellationToken);

    /// <summary>Sends a signal; false when it has ended.</summary>
    public bool Signal(int signal) => !HasExited && !PidFd.IsClosed && Processes.PidFd.Signal(PidFd, signal);

    /// <summary>Ends the watching; the child itself runs on and is still reaped when it ends.</summary>
    public void Dispose()
    {
        // While it lives the reaper needs the descriptor, and closes it itself.
        if (HasExited)
            PidFd.Dispose();
        else
            _exit.Task.ContinueWith(static (_, state) => ((SafeFileHandle)state!).Dispose(), PidFd, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>Called by the reaper when the descriptor is readable, which it becomes when the process has ended.</summary>
    internal unsafe void Reap()
    {
        SignalInfo info = default;
        ResourceUse used = default;
        int result;
        do
        {
            result = WaitNative.WaitId(WaitNative.IdPidFd, FileDescriptor.Number(PidFd), &info, WaitNative.Exited, &used);
        }
        while (result != 0 && Marshal.GetLastPInvokeError() == Errno.Interrupted);

        CpuTime = used.CpuTime;
        if (result == 0)
            _exit.TrySetResult(info.ToExitStatus());
        else
            _exit.TrySetException(KernelException.Last("wait for process", $"{Pid}"));
    }
}
