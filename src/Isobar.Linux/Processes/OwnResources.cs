using System.Runtime.InteropServices;
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
    /// Whether all threads still have the same user, groups and capabilities. A thread that has taken another identity for good would hand it on to threads that it makes, also to those of the
    /// runtime's pool.
    /// </summary>
    public static bool HasOneIdentity
    {
        get
        {
            var first = IdentityIn("/proc/self/status");
            return Directory.EnumerateDirectories("/proc/self/task").All(task => IdentityIn($"{task}/status") is not { } other || other == first);
        }
    }

    /// <summary>
    /// All resource limits, soft and hard, in the order of their numbers. They belong to the process, but prlimit(2) asks only who the thread is that it is given: the user as whom a thread acts may
    /// change them for all.
    /// </summary>
    public static IReadOnlyList<(ulong Soft, ulong Hard)> Limits => [.. Enumerable.Range(0, KindsOfLimits).Select(Becoming.CurrentLimit)];

    /// <summary>How many descriptors are open.</summary>
    public static int Descriptors => Directory.EnumerateFileSystemEntries("/proc/self/fd").Count();

    /// <summary>Null for a thread that has just ended.</summary>
    private static string? IdentityIn(string status)
    {
        try
        {
            return string.Join('\n', File.ReadLines(status).Where(line =>
                line.StartsWith("Uid:", StringComparison.Ordinal) || line.StartsWith("Gid:", StringComparison.Ordinal)
                || line.StartsWith("Groups:", StringComparison.Ordinal) || line.StartsWith("CapEff:", StringComparison.Ordinal)));
        }
        catch (IOException)
        {
            return null;
        }
    }
}
