using System.Runtime.InteropServices;

namespace Isobar.Linux.Kernel;

/// <summary>Memory of the kernel's own pages (mmap(2)), which it has back at once when it is disposed; an allocator might keep it.</summary>
public sealed unsafe partial class AnonymousMemory : IDisposable
{
    private const int ReadWrite = 3;
    private const int PrivateAnonymous = 0x22;
    private readonly int _length;
    private void* _start;

    /// <exception cref="KernelException">There is none.</exception>
    public AnonymousMemory(int length)
    {
        _length = length;
        _start = Map(null, (nuint)length, ReadWrite, PrivateAnonymous, -1, 0);
        if (_start == (void*)-1)
            throw KernelException.Last("map memory");
    }

    public Span<byte> Span => _start is null ? throw new ObjectDisposedException(nameof(AnonymousMemory)) : new Span<byte>(_start, _length);

    public void Dispose()
    {
        if (_start is not null)
            _ = Unmap(_start, (nuint)_length);
        _start = null;
    }

    [LibraryImport(LibC.Name, EntryPoint = "mmap", SetLastError = true)]
    private static partial void* Map(void* address, nuint length, int protection, int flags, int fd, nint offset);

    [LibraryImport(LibC.Name, EntryPoint = "munmap", SetLastError = true)]
    private static partial int Unmap(void* address, nuint length);
}
