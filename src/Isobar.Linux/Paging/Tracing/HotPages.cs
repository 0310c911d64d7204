namespace Isobar.Linux.Paging.Tracing;

/// <summary>
/// Pages that a thread of a process that stands still needs for its very next step: its stack, its own memory (behind the register fs), and where the kernel tells it on which core it runs (rseq), which the kernel
/// writes whenever the thread goes on. To take them would only be to bring them back.
/// </summary>
internal static unsafe class HotPages
{
    private const int SequenceBytes = 32;

    /// <summary>First addresses of the pages.</summary>
    public static HashSet<ulong> Of(IEnumerable<int> threads)
    {
        var found = new HashSet<ulong>();
        var configuration = stackalloc ulong[3];
        Registers registers;
        foreach (var thread in threads)
        {
            if (TraceNative.Trace(TraceNative.GetRegisters, thread, 0, (nint)(&registers)) == 0)
            {
                Add(registers.Rsp);
                Add(registers.FsBase);
            }

            if (TraceNative.Trace(TraceNative.GetRseq, thread, 24, (nint)configuration) < 24 || configuration[0] == 0)
                continue;
            Add(configuration[0]);
            Add(configuration[0] + SequenceBytes - 1);
        }

        return found;

        void Add(ulong address) => found.Add(address & ~(ulong)(Page.Size - 1));
    }
}
