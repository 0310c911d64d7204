using System.Runtime.InteropServices;
using Isobar.Linux.Fuse.Native;

namespace Isobar.Linux.Fuse.Home;

/// <summary>
/// By what name a file is found at home now, told as an extended attribute that no file has: a kernel that looked it up keeps the name that it had then, and home's
/// renames are not told (<see cref="OpenNames"/>). Of class "trusted", which the guest's kernel lets only root read.
/// </summary>
internal static class PresentName
{
    private const int Limit = 4096;

    /// <summary>Zero-terminated.</summary>
    public static ReadOnlySpan<byte> Attribute => "trusted.isobar.name\0"u8;

    private static ReadOnlySpan<byte> Removed => " (deleted)"u8;

    /// <summary>The path from the root on; of no length when it has no name any more.</summary>
    public static int Of(ServedTree tree, Inode inode, ReplyBuffer reply)
    {
        Span<byte> buffer = stackalloc byte[Limit + 1];
        var path = PathOf(inode, buffer);
        var root = PathOf(tree.Inodes.Root, reply.Payload(Limit));
        if (root is [(byte)'/'])
            root = [];
        if (path.IsEmpty || !path.StartsWith(root) || path[root.Length..] is not ([] or [(byte)'/', ..]))
            return 0;
        // What is said of a removed file, "NAME (deleted)", may be another one's name.
        buffer[path.Length] = 0;
        using var found = new Microsoft.Win32.SafeHandles.SafeFileHandle(
            FileCalls.OpenAt(OpenFlags.AtCurrentDirectory, MemoryMarshal.GetReference(path), OpenFlags.Path | OpenFlags.NoFollow | OpenFlags.CloseOnExec, 0), ownsHandle: true);
        // Where its user may not walk any more the kernel's word must do (he could read it in /proc, too); else a name that has not changed would be looked for in vain at each move.
        var isHidden = found.IsInvalid && Marshal.GetLastPInvokeError() == Errno.Access;
        if (isHidden ? path.EndsWith(Removed) : found.IsInvalid || ServedTree.Stat(found, out var there) < 0 || there.Ino != inode.Key.Ino || there.Device != inode.Key.Device)
            return 0;
        ReadOnlySpan<byte> name = path.Length == root.Length ? "/"u8 : path[root.Length..];
        name.CopyTo(reply.Payload(Limit));
        return name.Length;
    }

    private static Span<byte> PathOf(Inode inode, Span<byte> buffer)
    {
        using var link = new DescriptorLink(inode.Path);
        var length = FileCalls.ReadLinkAt(OpenFlags.AtCurrentDirectory, link.Path, ref MemoryMarshal.GetReference(buffer), Limit);
        return length is > 0 and < Limit ? buffer[..(int)length] : [];
    }
}
