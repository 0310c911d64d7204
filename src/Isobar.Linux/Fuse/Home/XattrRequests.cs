using System.Runtime.InteropServices;
using Isobar.Linux.Fuse.Native;
using Isobar.Linux.Fuse.Protocol;

namespace Isobar.Linux.Fuse.Home;

/// <summary>Requests on extended attributes. Symbolic links have none here: no user attribute is allowed on them (xattr(7)).</summary>
internal static class XattrRequests
{
    /// <summary>Longest value and list, bytes (XATTR_SIZE_MAX, XATTR_LIST_MAX).</summary>
    private const int Limit = 65536;

    public static int Get(ServedTree tree, Inode inode, in FuseRequest request, ReplyBuffer reply)
    {
        if (!request.TryRead(out FuseXattrRequest wanted, out var rest) || !FuseRequest.TryTakeText(ref rest, out var name))
            return -Errno.Invalid;
        if (name.SequenceEqual(PresentName.Attribute))
            return Answer(PresentName.Of(tree, inode, reply), wanted.Size, reply);
        if (inode.Kind == FileKind.Symlink)
            return -Errno.NoData;
        using var link = new DescriptorLink(inode.Path);
        var buffer = reply.Payload(Limit);
        var length = XattrCalls.Get(link.Path, MemoryMarshal.GetReference(name), ref MemoryMarshal.GetReference(buffer), Limit);
        return length < 0 ? ServedTree.Failure() : Answer((int)length, wanted.Size, reply);
    }

    public static int List(Inode inode, in FuseRequest request, ReplyBuffer reply)
    {
        if (!request.TryRead(out FuseXattrRequest wanted, out _))
            return -Errno.Invalid;
        if (inode.Kind == FileKind.Symlink)
            return Answer(0, wanted.Size, reply);
        using var link = new DescriptorLink(inode.Path);
        var length = XattrCalls.List(link.Path, ref MemoryMarshal.GetReference(reply.Payload(Limit)), Limit);
        return length < 0 ? ServedTree.Failure() : Answer((int)length, wanted.Size, reply);
    }

    public static int Set(Inode inode, in FuseRequest request)
    {
        if (!request.TryRead(out FuseXattrRequest wanted, out var rest) || !FuseRequest.TryTakeText(ref rest, out var name) || rest.Length < wanted.Size)
            return -Errno.Invalid;
        if (inode.Kind == FileKind.Symlink)
            return -Errno.Perm;
        using var link = new DescriptorLink(inode.Path);
        var set = XattrCalls.Set(link.Path, MemoryMarshal.GetReference(name), MemoryMarshal.GetReference(rest), (nint)wanted.Size, (int)wanted.Flags);
        return set < 0 ? ServedTree.Failure() : 0;
    }

    public static int Remove(Inode inode, in FuseRequest request)
    {
        var bytes = request.Body;
        if (!FuseRequest.TryTakeText(ref bytes, out var name))
            return -Errno.Invalid;
        if (inode.Kind == FileKind.Symlink)
            return -Errno.Perm;
        using var link = new DescriptorLink(inode.Path);
        return XattrCalls.Remove(link.Path, MemoryMarshal.GetReference(name)) < 0 ? ServedTree.Failure() : 0;
    }

    /// <summary>A wanted size of 0 asks for the length only.</summary>
    private static int Answer(int length, uint wanted, ReplyBuffer reply)
    {
        if (wanted == 0)
            return reply.Put(new FuseSizeReply { Size = (uint)length });
        return length > wanted ? -Errno.Range : length;
    }
}
