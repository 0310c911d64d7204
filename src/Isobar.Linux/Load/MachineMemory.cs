using System.Buffers.Text;
using Isobar.Linux.Kernel;

namespace Isobar.Linux.Load;

/// <summary>Memory of the whole machine, in bytes (proc_meminfo(5)).</summary>
/// <param name="TotalBytes">MemTotal.</param>
/// <param name="AvailableBytes">MemAvailable: what programs can get without swapping, caches that can be dropped included.</param>
public readonly record struct MachineMemory(long TotalBytes, long AvailableBytes)
{
    public static MachineMemory Read()
    {
        Span<byte> buffer = stackalloc byte[4096];
        return KernelFile.TryRead("/proc/meminfo", buffer) is { } length ? Parse(buffer[..length]) : default;
    }

    public static MachineMemory Parse(ReadOnlySpan<byte> text) => new(Field(text, "MemTotal:"u8), Field(text, "MemAvailable:"u8));

    private static long Field(ReadOnlySpan<byte> text, ReadOnlySpan<byte> name)
    {
        var start = text.IndexOf(name);
        if (start < 0)
            return 0;
        var value = text[(start + name.Length)..].TrimStart((byte)' ');
        return Utf8Parser.TryParse(value, out long kibibytes, out _) ? kibibytes * 1024 : 0;
    }
}
