using System.Runtime.InteropServices;
using Isobar.Linux.Kernel;

namespace Isobar.Linux.Files;

/// <summary>
/// Removes a folder with what is in it, and never anything that is mounted below it. A job's root is a bind of the machine's own: a plain recursive
/// deletion of a job's folder would walk through a forgotten mount and delete the machine.
/// </summary>
public static unsafe partial class FolderRemoval
{
    private const int CurrentDirectory = -100;
    private const int NoFollow = 0x100;
    private const uint Basics = 0x7ff;
    private const ulong MountRoot = 0x2000;
    private const int StatxSize = 256;
    private const int RemoveDirectory = 0x200;

    /// <summary>Removes the folder; whatever holds a mount stays, with the folders above it. False when something stayed.</summary>
    public static bool Remove(string folder)
    {
        // The kernel has told of mount points since 5.8 (STATX_ATTR_MOUNT_ROOT); where it cannot tell, nothing is walked into.
        if (Attributes(folder) is not { } attributes)
            return !Directory.Exists(folder);
        if ((attributes.Supported & MountRoot) == 0 || (attributes.Value & MountRoot) != 0)
            return false;
        var all = true;
        foreach (var entry in Entries(folder))
        {
            var status = FileStatus.TryOf(entry, followLinks: false);
            if (status is { IsDirectory: true })
                all &= Remove(entry);
            else
                all &= Unlinked(entry, 0);
        }

        // A directory on which something is mounted cannot be removed (EBUSY), nor one that is not empty.
        return Unlinked(folder, RemoveDirectory) && all;
    }

    // A job's supervisor and its daemon clean up at the same time: what the other has removed is removed.
    private static bool Unlinked(string path, int flags) =>
        Unlink(CurrentDirectory, path, flags) == 0 || Marshal.GetLastPInvokeError() == Errno.NoEntry;

    private static string[] Entries(string folder)
    {
        try
        {
            return Directory.GetFileSystemEntries(folder);
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }

    private static (ulong Value, ulong Supported)? Attributes(string path)
    {
        var buffer = stackalloc byte[StatxSize];
        return Statx(CurrentDirectory, path, NoFollow, Basics, buffer) == 0 ? (*(ulong*)(buffer + 8), *(ulong*)(buffer + 56)) : null;
    }

    [LibraryImport(LibC.Name, EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int directory, string path, int flags, uint mask, byte* buffer);

    [LibraryImport(LibC.Name, EntryPoint = "unlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Unlink(int directory, string path, int flags);
}
