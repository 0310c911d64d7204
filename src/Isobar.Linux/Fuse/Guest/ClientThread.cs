using System.Globalization;
using System.Runtime.InteropServices;
using Isobar.Linux.Kernel;
using Isobar.Linux.Threads;

namespace Isobar.Linux.Fuse.Guest;

/// <summary>
/// A thread that uses a file system which its own process serves. Should the process be killed while the thread waits, the kernel lets the thread wait on (a request that was taken
/// can only be answered or aborted), and aborts when the last descriptor of the server is closed. So this thread has descriptors of its own, and the server's is not among them; else the
/// process could not end.
/// </summary>
internal static partial class ClientThread
{
    private const int CloneFiles = 0x400;
    private const int BlockMore = 0;
    private const int LastStandardSignal = 31;

    /// <summary>What a fault in the code raises must not be blocked; the rest of the standard ones is for other threads.</summary>
    private const ulong Faults = (1UL << 3) | (1UL << 4) | (1UL << 5) | (1UL << 6) | (1UL << 7) | (1UL << 10);

    public static Task RunAsync(Action action)
    {
        Posts.Prepare();
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            try
            {
                GiveUpDescriptors();
                action();
                Posts.Add(done.SetResult);
            }
            catch (Exception e)
            {
                Posts.Add(() => done.SetException(e));
            }
        })
        {
            IsBackground = true,
            Name = "client of the view",
        };
        thread.Start();
        return done.Task;
    }

    /// <summary>Pipes and sockets as well: what another thread closes must end for those at their other end.</summary>
    private static void GiveUpDescriptors()
    {
        // The runtime's handlers of signals write to a pipe, which this thread will have no more.
        BlockSignals();
        if (Unshare(CloneFiles) != 0)
            return;
        // Not by the listings of the runtime, which look at what a link leads to: one of them leads into the view.
        var numbers = new int[64];
        var count = DirectoryNumbers.Read("/proc/thread-self/fd", new byte[2048], ref numbers);
        foreach (var fd in numbers.AsSpan(0, count))
        {
            var target = KernelFile.TryReadLink(string.Create(CultureInfo.InvariantCulture, $"/proc/thread-self/fd/{fd}"));
            if (target is not null && (target == "/dev/fuse" || target.StartsWith("socket:", StringComparison.Ordinal) || target.StartsWith("pipe:", StringComparison.Ordinal)))
                _ = LibC.Close(fd);
        }
    }

    private static unsafe void BlockSignals()
    {
        var signals = stackalloc ulong[16];
        signals[0] = ((1UL << LastStandardSignal) - 1) & ~Faults;
        _ = SignalMask(BlockMore, signals, null);
    }

    [LibraryImport(LibC.Name, EntryPoint = "unshare", SetLastError = true)]
    private static partial int Unshare(int flags);

    [LibraryImport(LibC.Name, EntryPoint = "pthread_sigmask")]
    private static unsafe partial int SignalMask(int how, ulong* signals, ulong* old);
}
