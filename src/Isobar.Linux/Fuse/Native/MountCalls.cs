using System.Runtime.InteropServices;

namespace Isobar.Linux.Fuse.Native;

/// <summary>Mounting, and the limit of open files.</summary>
internal static partial class MountCalls
{
    public const ulong NoSetUserId = 2;
    public const ulong NoDevices = 4;

    /// <summary>MNT_FORCE makes FUSE abort every request under way (fuse_umount_begin), MNT_DETACH lets go of users that remain.</summary>
    public const int ForceAndDetach = 1 | 2;

    private const string C = "libc";
    private const int OpenFiles = 7;

    [LibraryImport(C, EntryPoint = "mount", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Mount(string source, string target, string type, ulong flags, string data);

    [LibraryImport(C, EntryPoint = "umount2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Unmount(string target, int flags);

    [LibraryImport(C, EntryPoint = "getrlimit", SetLastError = true)]
    private static partial int GetLimit(int resource, out Limit limit);

    [LibraryImport(C, EntryPoint = "setrlimit", SetLastError = true)]
    private static partial int SetLimit(int resource, in Limit limit);

    /// <summary>Raises the soft limit of open files to the hard one, since each file that a guest knows costs a descriptor here; returns the limit.</summary>
    public static ulong RaiseOpenFileLimit()
    {
        if (GetLimit(OpenFiles, out var limit) != 0)
            return 1024;
        if (limit.Soft < limit.Hard)
        {
            limit.Soft = limit.Hard;
            if (SetLimit(OpenFiles, limit) != 0)
                _ = GetLimit(OpenFiles, out limit);
        }

        return limit.Soft;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Limit
    {
        public ulong Soft;
        public ulong Hard;
    }
}
