using System.Runtime.InteropServices;

namespace Isobar.Linux.Kernel;

/// <summary>
/// A kernel-made file that is read again and again (/proc/loadavg, /proc/pressure/cpu): opened once, so that a look is one system call. A file that the machine
/// does not have is read as empty, for ever.
/// </summary>
public sealed unsafe partial class KernelFileReader(string path) : IDisposable
{
    private int _fd = LibC.Open(path, LibC.OpenReadOnly | LibC.OpenCloseOnExec, 0);

    /// <summary>Whether the machine has the file and this process may read it.</summary>
    public bool IsThere => _fd >= 0;

    /// <summary>The file's text as it is now, as far as the buffer goes; empty when it cannot be read.</summary>
    public ReadOnlySpan<byte> Read(Span<byte> buffer)
    {
        if (_fd < 0)
            return [];
        fixed (byte* start = buffer)
        {
            var length = ReadAt(_fd, start, buffer.Length, 0);
            return length <= 0 ? [] : buffer[..(int)length];
        }
    }

    public void Dispose()
    {
        if (_fd >= 0)
            _ = LibC.Close(_fd);
        _fd = -1;
    }

    [LibraryImport(LibC.Name, EntryPoint = "pread", SetLastError = true)]
    private static partial nint ReadAt(int fd, byte* buffer, nint count, long offset);
}
