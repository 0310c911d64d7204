using System.Runtime.InteropServices;
using Isobar.Linux.Kernel;

namespace Isobar.Linux.Processes;

/// <summary>Scheduling policies of single threads (sched(7)).</summary>
public static unsafe partial class Scheduling
{
    public const int Ordinary = 0;

    /// <summary>Weight 3 where an ordinary thread has 1024, and every ordinary one that wakes up goes first.</summary>
    public const int Idle = 5;

    private const int ResetOnFork = 0x40000000;

    /// <summary>A thread's policy; null when it is gone.</summary>
    public static int? PolicyOf(int thread) => GetScheduler(thread) is >= 0 and var policy ? policy & ~ResetOnFork : null;

    /// <summary>A real-time thread's priority, 0 of all others.</summary>
    public static int PriorityOf(int thread)
    {
        var priority = 0;
        return GetParameters(thread, &priority) == 0 ? priority : 0;
    }

    /// <summary>Gives a thread a policy; false when it is gone or the kernel does not permit it.</summary>
    public static bool TrySet(int thread, int policy, int priority = 0) => SetScheduler(thread, policy, &priority) == 0;

    [LibraryImport(LibC.Name, EntryPoint = "sched_getscheduler", SetLastError = true)]
    private static partial int GetScheduler(int thread);

    [LibraryImport(LibC.Name, EntryPoint = "sched_getparam", SetLastError = true)]
    private static partial int GetParameters(int thread, int* priority);

    [LibraryImport(LibC.Name, EntryPoint = "sched_setscheduler", SetLastError = true)]
    private static partial int SetScheduler(int thread, int policy, int* priority);
}
