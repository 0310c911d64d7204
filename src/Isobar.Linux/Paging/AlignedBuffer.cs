using System.Runtime.InteropServices;

namespace Isobar.Linux.Paging;

/// <summary>Memory that begins at a page, as direct writes to a disk want it.</summary>
internal sealed unsafe class AlignedBuffer(int length) : IDisposable
{
    private void* _start = NativeMemory.AlignedAlloc((nuint)length, Page.Size);

    public Span<byte> Span => _start is null ? throw new ObjectDisposedException(nameof(AlignedBuffer)) : new Span<byte>(_start, length);

    public void Dispose()
    {
        NativeMemory.AlignedFree(_start);
        _start = null;
    }
}
