using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Kernel;

/// <summary>The two ends of a pipe(7).</summary>
public sealed record KernelPipe(SafeFileHandle ReadEnd, SafeFileHandle WriteEnd) : IDisposable
{
    private static readonly Lazy<int> MaxCapacity = new(ReadMaxCapacity);

    /// <summary>The most that an unprivileged pipe may hold, in bytes (/proc/sys/fs/pipe-max-size, usually 1 MiB).</summary>
    public static int LargestCapacity => MaxCapacity.Value;

    /// <summary>Both ends are close-on-exec.</summary>
    public static unsafe KernelPipe Create()
    {
        var ends = stackalloc int[2];
        if (LibC.Pipe2(ends, LibC.OpenCloseOnExec) != 0)
            throw KernelException.Last("make a pipe");
        return new KernelPipe(new SafeFileHandle(ends[0], true), new SafeFileHandle(ends[1], true));
    }

    /// <summary>Asks for the largest capacity that is allowed without privilege; returns the capacity in bytes that the pipe has afterwards.</summary>
    public static int Widen(SafeFileHandle end)
    {
        var fd = FileDescriptor.Number(end);
        var size = LibC.Fcntl(fd, LibC.SetPipeSize, LargestCapacity);

        // EPERM when the user's pipe pages are used up (pipe-user-pages-soft): a narrow pipe is slower, not wrong.
        return size > 0 ? size : LibC.Fcntl(fd, LibC.GetPipeSize, 0);
    }

    public void Dispose()
    {
        ReadEnd.Dispose();
        WriteEnd.Dispose();
    }

    private static int ReadMaxCapacity()
    {
        try
        {
            return int.Parse(File.ReadAllText("/proc/sys/fs/pipe-max-size").AsSpan().Trim(), CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 1 << 20;
        }
    }
}
