using Isobar.Linux.Kernel;

namespace Isobar.Linux.Processes;

/// <summary>
/// The timer slack of this thread, lent to the children that it starts until this is disposed of: a child inherits what the thread has that makes it, and keeps it over exec
/// (prctl(2)). There is no way to set another process's without a privilege, nor one before it has threads.
/// </summary>
internal readonly struct TimerSlack : IDisposable
{
    private const int Set = 29;
    private const int Get = 30;
    private const long NanosecondsPerTick = 100;

    private readonly nuint _before;

    private TimerSlack(nuint before) => _before = before;

    /// <param name="slack">Null changes nothing.</param>
    /// <exception cref="KernelException">The kernel does not know timer slack.</exception>
    public static TimerSlack ForChildren(TimeSpan? slack)
    {
        if (slack is not { } wanted)
            return default;
        var before = WaitNative.ProcessControl(Get, 0, 0, 0, 0);
        // 0 would mean the default.
        if (before <= 0 || WaitNative.ProcessControl(Set, (nuint)Math.Max(1, wanted.Ticks * NanosecondsPerTick), 0, 0, 0) != 0)
            throw KernelException.Last("set the timer slack of a new process");
        return new TimerSlack((nuint)before);
    }

    public void Dispose()
    {
        if (_before > 0)
            _ = WaitNative.ProcessControl(Set, _before, 0, 0, 0);
    }
}
