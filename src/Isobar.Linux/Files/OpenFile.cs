using System.Runtime.InteropServices;
using Isobar.Linux.Kernel;

namespace Isobar.Linux.Files;

/// <summary>What a descriptor's open file is.</summary>
public static partial class OpenFile
{
    private const int KcmpCall = 312;
    private const int KcmpFile = 0;
    private const int GetFlags = 3;
    private const int FromCurrent = 1;

    /// <summary>Two descriptors of this process are one open file (as after <c>2&gt;&amp;1</c>). False where the kernel cannot tell.</summary>
    public static bool AreSame(int one, int other) =>
        Compare(KcmpCall, Environment.ProcessId, Environment.ProcessId, KcmpFile, one, other) == 0;

    /// <summary>The flags it was opened with, and where it stands, in bytes.</summary>
    public static (int Flags, long Offset) Position(int fd)
    {
        var flags = LibC.Fcntl(fd, GetFlags, 0);
        var offset = Seek(fd, 0, FromCurrent);
        return flags >= 0 && offset >= 0 ? (flags, offset) : throw KernelException.Last("look at a descriptor");
    }

    [LibraryImport(LibC.Name, EntryPoint = "syscall", SetLastError = true)]
    private static partial nint Compare(nint number, nint process, nint otherProcess, nint what, nint fd, nint otherFd);

    [LibraryImport(LibC.Name, EntryPoint = "lseek", SetLastError = true)]
    private static partial long Seek(int fd, long offset, int whence);
}
