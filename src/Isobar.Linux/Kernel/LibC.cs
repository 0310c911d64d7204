using System.Runtime.InteropServices;

namespace Isobar.Linux.Kernel;

/// <summary>Calls that more than one subject needs; each subject declares its own beside its code.</summary>
internal static partial class LibC
{
    /// <summary>With the version: the plain name finds a linker script where development files are installed.</summary>
    public const string Name = "libc.so.6";

    public const int OpenReadOnly = 0;
    public const int OpenCloseOnExec = 0x80000;
    public const int OpenNonBlocking = 0x800;
    public const int OpenDirectory = 0x10000;

    public const int DuplicateCloseOnExec = 1030;
    public const int SetPipeSize = 1031;
    public const int GetPipeSize = 1032;

    [LibraryImport(Name, EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags, int mode);

    [LibraryImport(Name, EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int fd);

    [LibraryImport(Name, EntryPoint = "read", SetLastError = true)]
    public static unsafe partial nint Read(int fd, byte* buffer, nint count);

    [LibraryImport(Name, EntryPoint = "write", SetLastError = true)]
    public static unsafe partial nint Write(int fd, byte* buffer, nint count);

    [LibraryImport(Name, EntryPoint = "fcntl", SetLastError = true)]
    public static partial int Fcntl(int fd, int command, int argument);

    [LibraryImport(Name, EntryPoint = "pipe2", SetLastError = true)]
    public static unsafe partial int Pipe2(int* fds, int flags);

    [LibraryImport(Name, EntryPoint = "poll", SetLastError = true)]
    public static unsafe partial int Poll(PollFd* fds, nuint count, int timeoutMilliseconds);

    [LibraryImport(Name, EntryPoint = "readlink", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static unsafe partial nint ReadLink(string path, byte* buffer, nint size);

    /// <summary>For calls that the oldest supported C library (2.34) has no wrapper of.</summary>
    [LibraryImport(Name, EntryPoint = "syscall", SetLastError = true)]
    public static partial nint SystemCall(nint number, nint first, nint second, nint third, nint fourth);
}

[StructLayout(LayoutKind.Sequential)]
internal struct PollFd
{
    public const short In = 1;
    public const short HangUp = 0x10;

    public int Fd;
    public short Events;
    public short Returned;
}
