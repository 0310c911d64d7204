using System.Runtime.InteropServices;
using Isobar.Linux.Kernel;

namespace Isobar.Linux.Files;

/// <summary>What lstat(2) tells of a file, and putting it back.</summary>
public sealed unsafe partial record FileStatus(
    uint Mode, uint Uid, uint Gid, long Size, uint Links, ulong Device, ulong Inode, long ModifiedNanoseconds)
{
    private const int TypeMask = 0xF000;
    private const int CurrentDirectory = -100;
    private const int NoFollow = 0x100;
    private const int DoNotAsk = 0x4000;
    private const uint Basics = 0x7ff;
    private const int StatxSize = 256;

    public bool IsFile => (Mode & TypeMask) == 0x8000;

    public bool IsDirectory => (Mode & TypeMask) == 0x4000;

    public bool IsSymbolicLink => (Mode & TypeMask) == 0xA000;

    /// <exception cref="KernelException">There is no such file.</exception>
    public static FileStatus Of(string path) => TryOf(path, followLinks: false) ?? throw KernelException.Last("look at", path);

    /// <summary>Null when there is no such file, or no permission to see it.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="followLinks">Whether that of a symbolic link's target is meant.</param>
    /// <param name="asKnown">What the kernel knows is enough: a file system over a network is not asked.</param>
    public static FileStatus? TryOf(string path, bool followLinks, bool asKnown = false)
    {
        // struct statx has the same layout on every architecture (linux/stat.h).
        var buffer = stackalloc byte[StatxSize];
        if (Statx(CurrentDirectory, path, (followLinks ? 0 : NoFollow) | (asKnown ? DoNotAsk : 0), Basics, buffer) != 0)
            return null;
        return new FileStatus(
            *(ushort*)(buffer + 28),
            *(uint*)(buffer + 20),
            *(uint*)(buffer + 24),
            *(long*)(buffer + 40),
            *(uint*)(buffer + 16),
            ((ulong)*(uint*)(buffer + 136) << 32) | *(uint*)(buffer + 140),
            *(ulong*)(buffer + 32),
            (*(long*)(buffer + 112) * 1_000_000_000) + *(uint*)(buffer + 120));
    }

    /// <summary>Gives a file the owner, mode and time that it had elsewhere.</summary>
    public static void Restore(string path, uint mode, uint uid, uint gid, long modifiedNanoseconds)
    {
        if (ChangeOwner(path, uid, gid) != 0)
            throw KernelException.Last("give back the owner of", path);
        if ((mode & TypeMask) != 0xA000 && ChangeMode(path, mode & 0xFFF) != 0)
            throw KernelException.Last("give back the permissions of", path);
        var times = stackalloc long[] { modifiedNanoseconds / 1_000_000_000, modifiedNanoseconds % 1_000_000_000, modifiedNanoseconds / 1_000_000_000, modifiedNanoseconds % 1_000_000_000 };
        if (SetTimes(CurrentDirectory, path, times, NoFollow) != 0)
            throw KernelException.Last("give back the time of", path);
    }

    /// <summary>A second name for a file.</summary>
    public static void Link(string existing, string name)
    {
        if (HardLink(existing, name) != 0)
            throw KernelException.Last("link", name);
    }

    [LibraryImport(LibC.Name, EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int directory, string path, int flags, uint mask, byte* buffer);

    [LibraryImport(LibC.Name, EntryPoint = "lchown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ChangeOwner(string path, uint uid, uint gid);

    [LibraryImport(LibC.Name, EntryPoint = "chmod", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ChangeMode(string path, uint mode);

    [LibraryImport(LibC.Name, EntryPoint = "utimensat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetTimes(int directory, string path, long* times, int flags);

    [LibraryImport(LibC.Name, EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int HardLink(string existing, string name);
}
