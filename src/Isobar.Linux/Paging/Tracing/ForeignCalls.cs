using System.Runtime.InteropServices;
using Isobar.Linux.Kernel;
using Isobar.Linux.Processes;

namespace Isobar.Linux.Paging.Tracing;

/// <summary>
/// System calls made by a thread of another process that is held (<see cref="StandingProcesses"/>): its registers are set to the call, a <c>syscall</c> instruction that the process has
/// anyway is run, and all is put back. Nothing of the process's memory is touched.
/// </summary>
/// <remarks>
/// Where the thread was in a system call that had to break off, its registers say -ERESTART*, and the kernel turns that into a fresh start on the way out of the very stop in which it was held
/// (arch/x86/kernel/signal.c, arch_do_signal_or_restart). So afterwards the thread is brought into a stop of that kind again before it is let go; else the program would see the
/// kernel's number. The original number is -1 meanwhile, or the kernel would do so with our call. Signals wait meanwhile (PTRACE_SETSIGMASK, as CRIU does).
/// Where all cannot be put back the process is killed: better no program than a wrong one. For the same reason the kernel kills it should this process be killed in between (PTRACE_O_EXITKILL).
/// </remarks>
internal sealed unsafe class ForeignCalls : IDisposable
{
    private const ulong NoCall = unchecked((ulong)-1);
    private const ulong Code64 = 0x33;
    private const int MaskBytes = 8;
    private const int ErrorLimit = 4095;
    private const int MostStops = 64;
    private const int StopSignal = 19;
    private const int KillSignal = 9;

    private readonly int _process;
    private readonly int _thread;
    private readonly ulong _instruction;
    private readonly Registers _before;
    private readonly ulong _maskBefore;
    private readonly Action<int> _gone;
    private bool _hasCalled;
    private bool _isGone;

    private ForeignCalls(int process, int thread, ulong instruction, Registers before, ulong mask, Action<int> gone) =>
        (_process, _thread, _instruction, _before, _maskBefore, _gone) = (process, thread, instruction, before, mask, gone);

    /// <summary>Begins with a thread that is fit for it: 64 bit, and not within a restartable sequence, of which the kernel would lose track.</summary>
    /// <param name="standing">The process stands still.</param>
    /// <param name="process">The process that is to call.</param>
    /// <param name="instruction">Address of a <c>syscall</c> instruction in it.</param>
    /// <exception cref="PagingException">It has no such thread now.</exception>
    public static ForeignCalls Begin(StandingProcesses standing, int process, ulong instruction)
    {
        foreach (var thread in standing.ThreadsOf(process))
        {
            Registers registers;
            ulong mask;
            if (TraceNative.Trace(TraceNative.GetRegisters, thread, 0, (nint)(&registers)) != 0 || registers.Cs != Code64)
                continue;
            if (IsInSequence(process, thread))
                continue;
            if (TraceNative.Trace(TraceNative.GetSignalMask, thread, MaskBytes, (nint)(&mask)) != 0)
                continue;
            if (TraceNative.Trace(TraceNative.SetOptions, thread, 0, TraceNative.MarkSystemCalls | TraceNative.KillAtTracersEnd) != 0)
                continue;
            var all = ~0UL;
            if (TraceNative.Trace(TraceNative.SetSignalMask, thread, MaskBytes, (nint)(&all)) != 0)
            {
                _ = TraceNative.Trace(TraceNative.SetOptions, thread, 0, TraceNative.MarkSystemCalls);
                continue;
            }

            return new ForeignCalls(process, thread, instruction, registers, mask, standing.NoteGone);
        }

        throw new PagingException($"No thread of process {process} can be asked just now.");
    }

    /// <summary>Makes one call; negative results are errors, as the kernel gives them.</summary>
    /// <exception cref="ProcessGoneException">The process was killed meanwhile.</exception>
    /// <exception cref="PagingException">The thread did not do what it was told; its process was killed.</exception>
    public long Call(int number, ulong first = 0, ulong second = 0, ulong third = 0, ulong fourth = 0, ulong fifth = 0, ulong sixth = 0)
    {
        if (_isGone)
            throw new ProcessGoneException();
        var registers = _before;
        (registers.Rip, registers.Rax, registers.OriginalRax) = (_instruction, (ulong)number, NoCall);
        (registers.Rdi, registers.Rsi, registers.Rdx, registers.R10, registers.R8, registers.R9) = (first, second, third, fourth, fifth, sixth);
        _hasCalled = true;
        try
        {
            Check(TraceNative.Trace(TraceNative.SetRegisters, _thread, 0, (nint)(&registers)));
            ToNextCallStop();
            ToNextCallStop();
            Check(TraceNative.Trace(TraceNative.GetRegisters, _thread, 0, (nint)(&registers)));
        }
        catch (Exception e) when (e is not ProcessGoneException)
        {
            throw Lost(e);
        }

        return (long)registers.Rax;
    }

    /// <summary>The same, and an error is one of ours.</summary>
    public long CallOrThrow(string what, int number, ulong first = 0, ulong second = 0, ulong third = 0, ulong fourth = 0, ulong fifth = 0, ulong sixth = 0)
    {
        var result = Call(number, first, second, third, fourth, fifth, sixth);
        return result is < 0 and >= -ErrorLimit ? throw new KernelException($"have a process {what}", null, (int)-result) : result;
    }

    /// <summary>Puts the registers and the mask back and brings the thread into a stop like the one in which it was found.</summary>
    /// <exception cref="PagingException">That cannot be done; its process was killed.</exception>
    public void Dispose()
    {
        if (_isGone)
            return;
        try
        {
            var mask = _maskBefore;
            if (_hasCalled)
            {
                var registers = _before;
                Check(TraceNative.Trace(TraceNative.SetRegisters, _thread, 0, (nint)(&registers)));
                Check(TraceNative.Trace(TraceNative.Interrupt, _thread, 0, 0));
                Resume(TraceNative.Continue, status => status >> 16 == TraceNative.EventStop);
                // What a stop on the way changed is none of the program's.
                registers = _before;
                Check(TraceNative.Trace(TraceNative.SetRegisters, _thread, 0, (nint)(&registers)));
            }

            Check(TraceNative.Trace(TraceNative.SetSignalMask, _thread, MaskBytes, (nint)(&mask)));
            Check(TraceNative.Trace(TraceNative.SetOptions, _thread, 0, TraceNative.MarkSystemCalls));
        }
        catch (ProcessGoneException)
        {
            // Nothing is left to put back.
        }
        catch (Exception e)
        {
            throw Lost(e);
        }
    }

    private void ToNextCallStop() => Resume(TraceNative.ToSystemCall, static status => WaitStatus.SignalOf(status) == (TraceNative.Trap | TraceNative.SystemCallMark));

    // SIGSTOP cannot be held back: it may stop the thread on the way, which it goes on from here, and stands in again when it is let go.
    private void Resume(int request, Func<int, bool> isThere)
    {
        nint signal = 0;
        for (var stop = 0; stop < MostStops; stop++)
        {
            Check(TraceNative.Trace(request, _thread, 0, signal));
            int status, result;
            while ((result = TraceNative.Wait(_thread, &status, TraceNative.AllThreads)) < 0 && Marshal.GetLastPInvokeError() == Errno.Interrupted)
            {
            }

            if (result < 0 || !WaitStatus.IsStop(status))
                throw Gone();
            if (isThere(status))
                return;
            signal = status >> 16 == 0 && WaitStatus.SignalOf(status) == StopSignal ? StopSignal : 0;
        }

        throw new PagingException($"Thread {_thread} does not do what it was told.");
    }

    private void Check(nint result)
    {
        if (result >= 0)
            return;
        throw Marshal.GetLastPInvokeError() == Errno.NoProcess ? Gone() : KernelException.Last("trace", $"{_thread}");
    }

    private PagingException Lost(Exception why)
    {
        _isGone = true;
        SignalSender.Send(_process, KillSignal);
        return new PagingException($"Process {_process} was killed, for a thread of it that had been asked to call the kernel could not be put back: {why.Message}", why);
    }

    private ProcessGoneException Gone()
    {
        _isGone = true;
        _gone(_thread);
        return new ProcessGoneException();
    }

    // struct ptrace_rseq_configuration: pointer, size, signature, flags, pad; struct rseq has the pointer to the present sequence at byte 8 (uapi/linux/rseq.h). One that has been left is
    // only forgotten at the next switch of threads, so such a thread is fit the next time.
    private static bool IsInSequence(int process, int thread)
    {
        var configuration = stackalloc ulong[3];
        if (TraceNative.Trace(TraceNative.GetRseq, thread, 24, (nint)configuration) < 24 || configuration[0] == 0)
            return false;
        ulong sequence;
        var local = new MemoryVector { Base = (nuint)(&sequence), Length = sizeof(ulong) };
        var remote = new MemoryVector { Base = (nuint)configuration[0] + 8, Length = sizeof(ulong) };
        return TraceNative.ReadMemory(process, &local, 1, &remote, 1, 0) != sizeof(ulong) || sequence != 0;
    }
}
