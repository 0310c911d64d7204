using Isobar.Linux.Kernel;

namespace Isobar.Linux.Paging.Tracing;

/// <summary>Another process's memory (process_vm_readv(2), process_vm_writev(2)).</summary>
internal static unsafe class ForeignMemory
{
    /// <summary>Reads as far as it can be read; the number of bytes.</summary>
    public static int Read(int pid, ulong address, Span<byte> into)
    {
        fixed (byte* start = into)
        {
            var local = new MemoryVector { Base = (nuint)start, Length = (nuint)into.Length };
            var remote = new MemoryVector { Base = (nuint)address, Length = (nuint)into.Length };
            return (int)Math.Max(0, TraceNative.ReadMemory(pid, &local, 1, &remote, 1, 0));
        }
    }

    /// <exception cref="KernelException">It cannot be read whole.</exception>
    public static void ReadExactly(int pid, ulong address, Span<byte> into)
    {
        if (Read(pid, address, into) != into.Length)
            throw new KernelException("read the memory of process", $"{pid}", Errno.InputOutput);
    }

    /// <exception cref="KernelException">It cannot be written whole.</exception>
    public static void Write(int pid, ulong address, ReadOnlySpan<byte> from)
    {
        fixed (byte* start = from)
        {
            var local = new MemoryVector { Base = (nuint)start, Length = (nuint)from.Length };
            var remote = new MemoryVector { Base = (nuint)address, Length = (nuint)from.Length };
            if (TraceNative.WriteMemory(pid, &local, 1, &remote, 1, 0) != from.Length)
                throw KernelException.Last("write the memory of process", $"{pid}");
        }
    }

    /// <summary>Where a process has a <c>syscall</c> instruction (0f 05): in its vdso, or else in any code of its.</summary>
    /// <exception cref="PagingException">It has none.</exception>
    public static ulong FindSystemCall(int pid, IReadOnlyList<MemoryArea> areas)
    {
        var buffer = new byte[64 * 1024];
        foreach (var area in areas.Where(area => area.IsExecutable && area.Name != "[vsyscall]").OrderBy(area => area.Name == "[vdso]" ? 0 : 1))
        {
            for (var at = area.Start; at < area.End; at += (ulong)buffer.Length - 1)
            {
                var length = Read(pid, at, buffer.AsSpan(0, (int)Math.Min((ulong)buffer.Length, area.End - at)));
                var found = buffer.AsSpan(0, length).IndexOf([(byte)0x0f, (byte)0x05]);
                if (found >= 0)
                    return at + (ulong)found;
                if (length < buffer.Length)
                    break;
            }
        }

        throw new PagingException($"Process {pid} has no code that calls the kernel.");
    }
}
