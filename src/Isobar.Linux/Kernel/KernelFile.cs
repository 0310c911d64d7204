using System.Runtime.InteropServices;
using System.Text;

namespace Isobar.Linux.Kernel;

/// <summary>Reads small kernel-made files (/proc, /sys) with three system calls and no allocation.</summary>
public static unsafe class KernelFile
{
    /// <summary>Reads up to the buffer's size; the number of bytes, or null when the file (mostly: the process behind it) is not there.</summary>
    /// <exception cref="KernelException">Any other failure.</exception>
    public static int? TryRead(string path, Span<byte> buffer) => TryRead(path, buffer, inOnePiece: false);

    /// <summary>The same for a file that the kernel gives in one piece (/proc/PID/stat): the end is not asked for, which would be a quarter of the calls.</summary>
    /// <exception cref="KernelException">Any other failure.</exception>
    public static int? TryReadPiece(string path, Span<byte> buffer) => TryRead(path, buffer, inOnePiece: true);

    private static int? TryRead(string path, Span<byte> buffer, bool inOnePiece)
    {
        var fd = LibC.Open(path, LibC.OpenReadOnly | LibC.OpenCloseOnExec, 0);
        if (fd < 0)
            return IsGone() ? null : throw KernelException.Last("open", path);
        try
        {
            var total = 0;
            while (total < buffer.Length && !(inOnePiece && total > 0))
            {
                nint count;
                fixed (byte* start = buffer[total..])
                    count = LibC.Read(fd, start, buffer.Length - total);
                if (count == 0)
                    break;
                if (count > 0)
                    total += (int)count;
                else if (IsGone())
                    return null;
                else if (Marshal.GetLastPInvokeError() != Errno.Interrupted)
                    throw KernelException.Last("read", path);
            }

            return total;
        }
        finally
        {
            _ = LibC.Close(fd);
        }
    }

    /// <summary>The target of a symbolic link such as /proc/1/ns/pid, or null when it is not there or may not be read.</summary>
    public static string? TryReadLink(string path)
    {
        var buffer = stackalloc byte[4096];
        var length = LibC.ReadLink(path, buffer, 4096);
        return length < 0 ? null : Encoding.UTF8.GetString(buffer, (int)length);
    }

    // A process that ends between open and read gives ESRCH.
    private static bool IsGone() => Marshal.GetLastPInvokeError() is Errno.NoEntry or Errno.NoProcess;
}
