using System.Runtime.InteropServices;
using System.Text;
using Isobar.Linux.Kernel;
using Isobar.Linux.Namespaces;

namespace Isobar.Linux.Processes;

/// <summary>What this process still has: a process that serves one job after the other must have nothing left of the one before.</summary>
public static class OwnResources
{
    /// <summary>RLIM_NLIMITS.</summary>
    private const int KindsOfLimits = 16;

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

    /// <summary>
    /// Whether all threads still have the same user, groups, capabilities and umask. A thread that has taken another identity for good would hand it on to threads that it makes, also to those of the
    /// runtime's pool.
    /// </summary>
    public static bool HasOneIdentity => HasOneIdentityIn(Environment.ProcessId);

    /// <summary>
    /// All resource limits, soft and hard, in the order of their numbers. They belong to the process, but prlimit(2) asks only who the thread is that it is given: the user as whom a thread acts may
    /// change them for all.
    /// </summary>
    public static IReadOnlyList<(ulong Soft, ulong Hard)> Limits => [.. Enumerable.Range(0, KindsOfLimits).Select(Becoming.CurrentLimit)];

    /// <summary>How many descriptors are open.</summary>
    public static int Descriptors
    {
        get
        {
            // Not by the listings of the runtime, which look at what a link leads to: where that is a view whose home is gone, for ever.
            var numbers = new int[64];
            return DirectoryNumbers.Read("/proc/self/fd", new byte[2048], ref numbers);
        }
    }

    internal static bool HasOneIdentityIn(int process)
    {
        var own = IdentityOf(process, process);
        var ownAtTheEnd = IdentityOf(process, process, isEnding: true);
        return ProcFs.ThreadIds(process).All(thread => IdentityOf(process, thread) is not { } other || other == own || other == ownAtTheEnd);
    }

    /// <summary>The lines that tell of it, all of whose numbers count; null for a thread that has just ended.</summary>
    /// <param name="process">The process.</param>
    /// <param name="thread">One of its threads.</param>
    /// <param name="isEnding">As it will be said of the thread once it has begun to end: without the umask, which it gives up first (exit_fs in kernel/exit.c).</param>
    private static string? IdentityOf(int process, int thread, bool isEnding = false)
    {
        Span<byte> text = stackalloc byte[8192];
        if (KernelFile.TryRead($"/proc/{process}/task/{thread}/status", text) is not { } length)
            return null;
        // The umask: a worker of root's job differs by nothing else that is told here.
        return string.Join('\n', Encoding.UTF8.GetString(text[..length]).Split('\n').Where(line =>
            (line.StartsWith("Umask:", StringComparison.Ordinal) && !isEnding)
            || line.StartsWith("Uid:", StringComparison.Ordinal) || line.StartsWith("Gid:", StringComparison.Ordinal) || line.StartsWith("Groups:", StringComparison.Ordinal)
            || line.StartsWith("CapPrm:", StringComparison.Ordinal) || line.StartsWith("CapEff:", StringComparison.Ordinal)));
    }
}
