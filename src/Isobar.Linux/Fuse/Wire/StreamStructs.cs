using System.Runtime.InteropServices;

namespace Isobar.Linux.Fuse.Wire;

/// <summary>
/// Structures on a stream. Synchronous on purpose: each caller is a thread of its own for which a wake-up through the thread pool would cost
/// more than the whole request (measured, docs/files.md).
/// </summary>
internal static class StreamStructs
{
    public static T Read<T>(Stream stream)
        where T : unmanaged
    {
        T value = default;
        stream.ReadExactly(MemoryMarshal.AsBytes(new Span<T>(ref value)));
        return value;
    }

    public static void Write<T>(Stream stream, T value)
        where T : unmanaged
    {
        stream.Write(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)));
        stream.Flush();
    }
}
