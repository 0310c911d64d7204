using System.Diagnostics;
using System.Runtime.InteropServices;
using Isobar.Linux.Kernel;
using Isobar.Linux.Processes;

namespace Isobar.Linux.Paging.Tracing;

/// <summary>
/// All threads of some processes, held by ptrace(2) between two instructions of theirs: none is in a system call, so nothing of the kernel's that they asked for (a direct
/// read, process_vm_writev) is writing into their memory. For one thread of ours from <see cref="Hold"/> to <see cref="Dispose"/>, which ends soon afterwards: the kernel knows tracers as
/// threads, and a thread that did not come to a stop is let go only by its tracer's end.
/// </summary>
/// <remarks>
/// Held by PTRACE_SEIZE and PTRACE_INTERRUPT: no signal is sent, no parent sees a child stopped. A system call that waits is broken off and begun again by the kernel, as for any
/// signal without a handler; the few that are not (epoll_wait and others, signal(7), "Interruption of system calls ... by stop signals") give EINTR, as they do when a debugger looks.
/// </remarks>
internal sealed unsafe class StandingProcesses : IDisposable
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMicroseconds(50);

    private readonly HashSet<int> _threads = [];
    private readonly HashSet<int> _gone = [];

    private StandingProcesses()
    {
    }

    /// <summary>Holds all threads of all processes that are named, asking again for as long as that brings new ones.</summary>
    /// <param name="processes">The processes as of now; called again when those found stand still.</param>
    /// <param name="within">How long to try: a thread that waits for a disk, or for its child by vfork(2), does not stop.</param>
    /// <exception cref="PagingException">One of them does not stop, or another tracer has it.</exception>
    public static StandingProcesses Hold(Func<IReadOnlyList<int>> processes, TimeSpan within)
    {
        var standing = new StandingProcesses();
        try
        {
            var clock = Stopwatch.StartNew();
            // Whoever is held makes no threads and no children any more.
            while (standing.Seize(processes()) > 0)
                standing.AwaitStops(clock, within);
            return standing;
        }
        catch
        {
            standing.Dispose();
            throw;
        }
    }

    /// <summary>The threads of one of the processes that are held.</summary>
    public IEnumerable<int> ThreadsOf(int process) => ProcFs.ThreadIds(process).Where(thread => _threads.Contains(thread) && !_gone.Contains(thread));

    /// <summary>A thread has ended while it was held: only SIGKILL does that.</summary>
    public void NoteGone(int thread) => _gone.Add(thread);

    /// <summary>Lets all go on.</summary>
    public void Dispose()
    {
        foreach (var thread in _threads)
        {
            var signal = 0;
            if (!_stopped.Contains(thread))
            {
                int status;
                // Who is still on his way to a stop is let go by our thread's end: he may come to stand at a signal, which the kernel delivers then, but which would be lost if he was let go without it.
                if (TraceNative.Wait(thread, &status, TraceNative.AllThreads | TraceNative.NoHang) != thread)
                    continue;
                signal = WaitStatus.IsAtSignal(status) ? WaitStatus.SignalOf(status) : 0;
            }

            // It may have ended; its parent is told when its tracer has taken note.
            if (TraceNative.Trace(TraceNative.Detach, thread, 0, signal) != 0)
                _ = TraceNative.Wait(thread, null, TraceNative.AllThreads | TraceNative.NoHang);
        }

        _threads.Clear();
    }

    private int Seize(IReadOnlyList<int> processes)
    {
        var found = 0;
        foreach (var process in processes)
        {
            foreach (var thread in ProcFs.ThreadIds(process))
            {
                if (_threads.Contains(thread))
                    continue;
                if (TraceNative.Trace(TraceNative.Seize, thread, 0, TraceNative.MarkSystemCalls) != 0)
                {
                    var error = Marshal.GetLastPInvokeError();
                    // EPERM also for one that is just ending.
                    if (error == Errno.NoProcess || IsEnding(process, thread))
                        continue;
                    throw new PagingException($"Process {process} cannot be held for a moment: it is being traced, by a debugger for example.", new KernelException("trace", $"{thread}", error));
                }

                _threads.Add(thread);
                _ = TraceNative.Trace(TraceNative.Interrupt, thread, 0, 0);
                found++;
            }
        }

        return found;
    }

    private static bool IsEnding(int process, int thread)
    {
        Span<byte> buffer = stackalloc byte[1024];
        return KernelFile.TryRead($"/proc/{process}/task/{thread}/stat", buffer) is not { } length || ProcStat.Parse(buffer[..length]) is not { IsZombie: false };
    }

    private void AwaitStops(Stopwatch clock, TimeSpan within)
    {
        foreach (var thread in _threads)
        {
            while (!_gone.Contains(thread) && !HasStopped(thread))
            {
                if (clock.Elapsed > within)
                    throw new PagingException($"Thread {thread} did not stand still within {within.TotalMilliseconds:0} ms: it waits for a disk, or for a program that it is just starting.");
                Thread.Sleep(LookEvery);
            }
        }
    }

    private readonly HashSet<int> _stopped = [];

    private bool HasStopped(int thread)
    {
        if (_stopped.Contains(thread))
            return true;
        int status;
        var result = TraceNative.Wait(thread, &status, TraceNative.AllThreads | TraceNative.NoHang);
        if (result == 0 || (result < 0 && Marshal.GetLastPInvokeError() == Errno.Interrupted))
            return false;
        if (result < 0 || !WaitStatus.IsStop(status))
        {
            _gone.Add(thread);
            return true;
        }

        if (status >> 16 == TraceNative.EventStop)
            return _stopped.Add(thread);
        // A signal came first: it goes where it was to go, and the stop that we asked for comes next.
        _ = TraceNative.Trace(TraceNative.Continue, thread, 0, WaitStatus.SignalOf(status));
        return false;
    }
}
