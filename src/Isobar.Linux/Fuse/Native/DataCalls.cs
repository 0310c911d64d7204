using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Fuse.Native;

/// <summary>System calls on the contents of open files.</summary>
internal static partial class DataCalls
{
    /// <summary>Flags of pwritev2: write at the end, and (Linux 6.9) at the offset although the file was opened to append.</summary>
    public const int WriteAppend = 0x10;
    public const int WriteNoAppend = 0x20;

    private const string C = "libc";

    [LibraryImport(C, EntryPoint = "read", SetLastError = true)]
    internal static partial nint Read(SafeFileHandle file, ref byte buffer, nint size);

    [LibraryImport(C, EntryPoint = "write", SetLastError = true)]
    internal static partial nint Write(SafeFileHandle file, in byte buffer, nint size);

    [LibraryImport(C, EntryPoint = "pread", SetLastError = true)]
    internal static partial nint ReadAt(SafeFileHandle file, ref byte buffer, nint size, long offset);

    [LibraryImport(C, EntryPoint = "pwrite", SetLastError = true)]
    internal static partial nint WriteAt(SafeFileHandle file, in byte buffer, nint size, long offset);

    [LibraryImport(C, EntryPoint = "pwritev2", SetLastError = true)]
    internal static partial nint WriteAt(SafeFileHandle file, in IoVector vector, int count, long offset, int flags);

    [LibraryImport(C, EntryPoint = "lseek", SetLastError = true)]
    internal static partial long Seek(SafeFileHandle file, long offset, int whence);

    [LibraryImport(C, EntryPoint = "fsync", SetLastError = true)]
    internal static partial int Sync(SafeFileHandle file);

    [LibraryImport(C, EntryPoint = "fdatasync", SetLastError = true)]
    internal static partial int SyncData(SafeFileHandle file);

    [LibraryImport(C, EntryPoint = "syncfs", SetLastError = true)]
    internal static partial int SyncFileSystem(SafeFileHandle file);

    [LibraryImport(C, EntryPoint = "fallocate", SetLastError = true)]
    internal static partial int Allocate(SafeFileHandle file, int mode, long offset, long length);

    [LibraryImport(C, EntryPoint = "copy_file_range", SetLastError = true)]
    internal static partial nint CopyRange(SafeFileHandle from, ref long offset, SafeFileHandle to, ref long targetOffset, nint length, uint flags);

    [LibraryImport(C, EntryPoint = "getdents64", SetLastError = true)]
    internal static partial nint ReadDirectory(SafeFileHandle directory, ref byte buffer, nint size);

    [LibraryImport(C, EntryPoint = "ioctl", SetLastError = true)]
    internal static partial int Ioctl(SafeFileHandle file, nuint request, ref byte argument);
}

/// <summary><c>struct iovec</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct IoVector
{
    public nint Base;
    public nint Length;
}
