using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Fuse.Native;

/// <summary>System calls on files and directory entries. All set errno; names are zero-terminated bytes, since a Linux name is no text.</summary>
internal static partial class FileCalls
{
    private const string C = "libc";

    [LibraryImport(C, EntryPoint = "openat", SetLastError = true)]
    internal static partial int OpenAt(SafeFileHandle directory, in byte name, int flags, uint mode);

    [LibraryImport(C, EntryPoint = "openat", SetLastError = true)]
    internal static partial int OpenAt(int directory, in byte name, int flags, uint mode);

    [LibraryImport(C, EntryPoint = "close")]
    internal static partial int Close(int descriptor);

    [LibraryImport(C, EntryPoint = "statx", SetLastError = true)]
    internal static partial int Statx(SafeFileHandle directory, in byte name, int flags, uint mask, out Statx result);

    [LibraryImport(C, EntryPoint = "fstatfs", SetLastError = true)]
    internal static partial int StatFs(SafeFileHandle file, out StatFs result);

    [LibraryImport(C, EntryPoint = "readlinkat", SetLastError = true)]
    internal static partial nint ReadLinkAt(SafeFileHandle directory, in byte name, ref byte buffer, nint size);

    [LibraryImport(C, EntryPoint = "readlinkat", SetLastError = true)]
    internal static partial nint ReadLinkAt(int directory, in byte name, ref byte buffer, nint size);

    [LibraryImport(C, EntryPoint = "symlinkat", SetLastError = true)]
    internal static partial int SymlinkAt(in byte target, SafeFileHandle directory, in byte name);

    [LibraryImport(C, EntryPoint = "mknodat", SetLastError = true)]
    internal static partial int MkNodAt(SafeFileHandle directory, in byte name, uint mode, ulong device);

    [LibraryImport(C, EntryPoint = "mkdirat", SetLastError = true)]
    internal static partial int MkDirAt(SafeFileHandle directory, in byte name, uint mode);

    [LibraryImport(C, EntryPoint = "unlinkat", SetLastError = true)]
    internal static partial int UnlinkAt(SafeFileHandle directory, in byte name, int flags);

    [LibraryImport(C, EntryPoint = "renameat2", SetLastError = true)]
    internal static partial int RenameAt2(SafeFileHandle from, in byte name, SafeFileHandle to, in byte newName, uint flags);

    [LibraryImport(C, EntryPoint = "linkat", SetLastError = true)]
    internal static partial int LinkAt(int from, in byte name, SafeFileHandle to, in byte newName, int flags);

    [LibraryImport(C, EntryPoint = "fchmodat", SetLastError = true)]
    internal static partial int ChmodAt(int directory, in byte name, uint mode, int flags);

    [LibraryImport(C, EntryPoint = "fchmod", SetLastError = true)]
    internal static partial int Chmod(SafeFileHandle file, uint mode);

    [LibraryImport(C, EntryPoint = "fchownat", SetLastError = true)]
    internal static partial int ChownAt(SafeFileHandle directory, in byte name, uint uid, uint gid, int flags);

    [LibraryImport(C, EntryPoint = "truncate", SetLastError = true)]
    internal static partial int Truncate(in byte path, long size);

    [LibraryImport(C, EntryPoint = "ftruncate", SetLastError = true)]
    internal static partial int Truncate(SafeFileHandle file, long size);

    [LibraryImport(C, EntryPoint = "utimensat", SetLastError = true)]
    internal static partial int SetTimesAt(SafeFileHandle file, in byte name, in Timespec times, int flags);

    /// <summary>faccessat2: the C library emulates the flags of its own faccessat in ways that an O_PATH descriptor does not survive.</summary>
    [LibraryImport(C, EntryPoint = "syscall", SetLastError = true)]
    internal static partial nint RawAccess(nint number, SafeFileHandle directory, in byte name, int mode, int flags);
}

/// <summary><c>struct timespec</c>; two in a row for access and modification time.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Timespec
{
    public const long Now = 0x3fffffff;
    public const long Omit = 0x3ffffffe;

    public long Seconds;
    public long Nanoseconds;
}
