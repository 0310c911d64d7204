using System.Runtime.InteropServices;
using Isobar.Linux.Fuse.Native;
using Isobar.Linux.Fuse.Protocol;

namespace Isobar.Linux.Fuse.Home;

/// <summary>Requests on directory entries. Each returns the length of its payload or a negative error number.</summary>
internal static class NameRequests
{
    public static int Lookup(ServedTree tree, Inode directory, in FuseRequest request, ReplyBuffer reply)
    {
        var bytes = request.Body;
        if (!FuseRequest.TryTakeName(ref bytes, out var name))
            return -Errno.Invalid;
        var result = tree.Lookup(directory, name, out var entry);
        if (result == -Errno.NoEntry)
            return reply.Put(tree.Absence());
        return result < 0 ? result : reply.Put(entry);
    }

    public static void Forget(ServedTree tree, in FuseRequest request)
    {
        if (request.TryRead(out ulong lookups, out _))
            tree.Inodes.Forget(request.Header.NodeId, lookups);
    }

    public static void BatchForget(ServedTree tree, in FuseRequest request)
    {
        if (!request.TryRead(out FuseBatchForgetRequest batch, out var rest))
            return;
        var whole = rest.Length - (rest.Length % 16);
        var items = MemoryMarshal.Cast<byte, FuseForgetOne>(rest[..whole]);
        foreach (var item in items[..(int)Math.Min(batch.Count, (uint)items.Length)])
            tree.Inodes.Forget(item.NodeId, item.Lookups);
    }

    public static int MkNod(ServedTree tree, Inode directory, in FuseRequest request, WorkerIdentity identity, ReplyBuffer reply)
    {
        if (!request.TryRead(out FuseMkNodRequest arguments, out var rest) || !FuseRequest.TryTakeName(ref rest, out var name))
            return -Errno.Invalid;
        identity.BeginCreation(request.Header, arguments.Umask);
        var result = FileCalls.MkNodAt(directory.Path, MemoryMarshal.GetReference(name), arguments.Mode, arguments.Rdev) < 0 ? ServedTree.Failure() : 0;
        identity.EndCreation(request.Header);
        return Created(tree, directory, name, result, reply);
    }

    public static int MkDir(ServedTree tree, Inode directory, in FuseRequest request, WorkerIdentity identity, ReplyBuffer reply)
    {
        if (!request.TryRead(out FuseMkDirRequest arguments, out var rest) || !FuseRequest.TryTakeName(ref rest, out var name))
            return -Errno.Invalid;
        identity.BeginCreation(request.Header, arguments.Umask);
        var result = FileCalls.MkDirAt(directory.Path, MemoryMarshal.GetReference(name), arguments.Mode) < 0 ? ServedTree.Failure() : 0;
        identity.EndCreation(request.Header);
        return Created(tree, directory, name, result, reply);
    }

    public static int Symlink(ServedTree tree, Inode directory, in FuseRequest request, WorkerIdentity identity, ReplyBuffer reply)
    {
        var rest = request.Body;
        if (!FuseRequest.TryTakeName(ref rest, out var name) || !FuseRequest.TryTakeText(ref rest, out var target))
            return -Errno.Invalid;
        identity.BeginCreation(request.Header, 0);
        var made = FileCalls.SymlinkAt(MemoryMarshal.GetReference(target), directory.Path, MemoryMarshal.GetReference(name));
        var result = made < 0 ? ServedTree.Failure() : 0;
        identity.EndCreation(request.Header);
        return Created(tree, directory, name, result, reply);
    }

    public static int Link(ServedTree tree, Inode directory, in FuseRequest request, WorkerIdentity identity, ReplyBuffer reply)
    {
        if (!request.TryRead(out ulong source, out var rest) || !FuseRequest.TryTakeName(ref rest, out var name))
            return -Errno.Invalid;
        if (tree.Inodes.Hold(source, identity) is not { } inode)
            return -Errno.Stale;

        // Through the descriptor's own link: linkat with AT_EMPTY_PATH is for root only, and this way also gives a file made by O_TMPFILE its name.
        int result;
        using (var link = new DescriptorLink(inode.Path))
        {
            var linked = FileCalls.LinkAt(
                OpenFlags.AtCurrentDirectory, link.Path, directory.Path, MemoryMarshal.GetReference(name), OpenFlags.AtSymlinkFollow);
            result = linked < 0 ? ServedTree.Failure() : 0;
        }

        inode.Release();
        return Created(tree, directory, name, result, reply);
    }

    public static int Remove(Inode directory, in FuseRequest request, int flags)
    {
        var bytes = request.Body;
        if (!FuseRequest.TryTakeName(ref bytes, out var name))
            return -Errno.Invalid;
        return FileCalls.UnlinkAt(directory.Path, MemoryMarshal.GetReference(name), flags) < 0 ? ServedTree.Failure() : 0;
    }

    public static int Rename(ServedTree tree, Inode directory, in FuseRequest request, WorkerIdentity identity)
    {
        var flags = 0u;
        if (!request.TryRead(out ulong newParent, out var rest))
            return -Errno.Invalid;
        if (request.Header.Opcode == FuseOpcode.Rename2)
        {
            if (!request.TryRead(out FuseRename2Request arguments, out rest))
                return -Errno.Invalid;
            flags = arguments.Flags;
        }

        if (!FuseRequest.TryTakeName(ref rest, out var name) || !FuseRequest.TryTakeName(ref rest, out var newName))
            return -Errno.Invalid;
        if (tree.Inodes.Hold(newParent, identity) is not { } target)
            return -Errno.Stale;
        var renamed = FileCalls.RenameAt2(
            directory.Path, MemoryMarshal.GetReference(name), target.Path, MemoryMarshal.GetReference(newName), flags);
        var result = renamed < 0 ? ServedTree.Failure() : 0;
        target.Release();
        return result;
    }

    private static int Created(ServedTree tree, Inode directory, ReadOnlySpan<byte> name, int result, ReplyBuffer reply)
    {
        if (result == 0)
            result = tree.Lookup(directory, name, out var entry) is var found and < 0 ? found : reply.Put(entry);
        return result;
    }
}
