using Isobar.Linux.Kernel;

namespace Isobar.Linux.Load;

/// <summary>Memory of the whole machine, in bytes (proc_meminfo(5)).</summary>
/// <param name="TotalBytes">MemTotal.</param>
/// <param name="AvailableBytes">MemAvailable: what programs can get without swapping, caches that can be dropped included.</param>
/// <param name="SwapTotalBytes">SwapTotal.</param>
/// <param name="SwapFreeBytes">SwapFree.</param>
public readonly record struct MachineMemory(long TotalBytes, long AvailableBytes, long SwapTotalBytes = 0, long SwapFreeBytes = 0)
{
    public static MachineMemory Read()
    {
        Span<byte> buffer = stackalloc byte[4096];
        return KernelFile.TryRead("/proc/meminfo", buffer) is { } length ? Parse(buffer[..length]) : default;
    }

    public static MachineMemory Parse(ReadOnlySpan<byte> text) =>
        new(Field(text, "MemTotal:"u8), Field(text, "MemAvailable:"u8), Field(text, "SwapTotal:"u8), Field(text, "SwapFree:"u8));

    /// <summary>The same inside of a control group's limit.</summary>
    public MachineMemory Within(long? limit, long? used) => limit is { } most && most < TotalBytes
        ? this with { TotalBytes = most, AvailableBytes = Math.Clamp(most - (used ?? 0), 0, AvailableBytes) }
        : this;

    private static long Field(ReadOnlySpan<byte> text, ReadOnlySpan<byte> name) => (KernelText.Number(text, name) ?? 0) * 1024;
}
