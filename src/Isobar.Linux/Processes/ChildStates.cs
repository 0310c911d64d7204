using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading.Channels;
using Isobar.Linux.Kernel;

namespace Isobar.Linux.Processes;

/// <summary>A child was stopped by a signal (<see cref="Signal"/> says which: 20 is Ctrl-Z's) or continued (then the signal is null).</summary>
public readonly record struct ChildStateChange(int? Signal)
{
    public bool IsStopped => Signal is not null;
}

/// <summary>Stop and continue events of a child (job control).</summary>
public static class ChildStates
{
    /// <summary>
    /// Yields each change until the child ends. SIGCHLD is only the hint to look (it coalesces); the truth comes from waitid(2), which keeps the
    /// last change until it is asked for. A stop and a continue that follow each other faster than we look are seen as the last one only.
    /// </summary>
    public static async IAsyncEnumerable<ChildStateChange> WatchAsync(ChildProcess child, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var hints = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
#pragma warning disable CA1416 // SIGCHLD exists wherever this library does.
        using var registration = PosixSignalRegistration.Create(PosixSignal.SIGCHLD, _ => hints.Writer.TryWrite(true));
#pragma warning restore CA1416
        hints.Writer.TryWrite(true);
        _ = child.WaitAsync(cancellationToken).ContinueWith(_ => hints.Writer.TryComplete(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        while (await hints.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            hints.Reader.TryRead(out _);
            while (!child.HasExited && Look(child) is { } change)
                yield return change;
        }
    }

    private static unsafe ChildStateChange? Look(ChildProcess child)
    {
        SignalInfo info = default;
        var options = WaitNative.Stopped | WaitNative.Continued | WaitNative.NoHang;
        if (WaitNative.WaitId(WaitNative.IdPidFd, FileDescriptor.Number(child.PidFd), &info, options) != 0 || info.Pid == 0)
            return null;
        return info.Code switch
        {
            WaitNative.CodeStopped => new ChildStateChange(info.Status),
            WaitNative.CodeContinued => new ChildStateChange(null),
            _ => null,
        };
    }
}
