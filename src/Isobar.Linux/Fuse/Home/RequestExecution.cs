using Isobar.Linux.Fuse.Native;
using Isobar.Linux.Fuse.Protocol;

namespace Isobar.Linux.Fuse.Home;

/// <summary>Finds the operation of a request.</summary>
internal static class RequestExecution
{
    /// <summary>Executes one request on the calling thread, with its credentials; the payload's length, or a negative error number.</summary>
    public static int Execute(ServedTree tree, in FuseRequest request, WorkerIdentity identity, ReplyBuffer reply)
    {
        switch (request.Header.Opcode)
        {
            case FuseOpcode.Read:
                return DataRequests.Read(tree, request, reply);
            case FuseOpcode.Write:
                return DataRequests.Write(tree, request, reply);
            case FuseOpcode.ReadDir or FuseOpcode.ReadDirPlus:
                return DirectoryRequests.Read(tree, request, reply);
            case FuseOpcode.Forget:
                NameRequests.Forget(tree, request);
                return 0;
            case FuseOpcode.BatchForget:
                NameRequests.BatchForget(tree, request);
                return 0;
            case FuseOpcode.Release or FuseOpcode.ReleaseDir:
                OpenRequests.Release(tree, request);
                return 0;
            case FuseOpcode.Fsync or FuseOpcode.FsyncDir:
                return DataRequests.Sync(tree, request);
            case FuseOpcode.Fallocate:
                return DataRequests.Allocate(tree, request);
            case FuseOpcode.Lseek:
                return DataRequests.Seek(tree, request, reply);
            case FuseOpcode.CopyFileRange or FuseOpcode.CopyFileRange64:
                return DataRequests.Copy(tree, request, reply);
            case FuseOpcode.Ioctl:
                return DataRequests.Ioctl(tree, request, reply);
        }

        tree.Inodes.Trim(identity);
        if (tree.Inodes.Hold(request.Header.NodeId, identity) is not { } inode)
            return -Errno.Stale;
        try
        {
            return ExecuteOn(inode, tree, request, identity, reply);
        }
        finally
        {
            inode.Release();
        }
    }

    private static int ExecuteOn(Inode inode, ServedTree tree, in FuseRequest request, WorkerIdentity identity, ReplyBuffer reply) =>
        request.Header.Opcode switch
        {
            FuseOpcode.Lookup => NameRequests.Lookup(tree, inode, request, reply),
            FuseOpcode.GetAttr => AttributeRequests.GetAttr(tree, inode, reply),
            FuseOpcode.SetAttr => AttributeRequests.SetAttr(tree, inode, request, reply),
            FuseOpcode.Statx => AttributeRequests.Statx(tree, inode, reply),
            FuseOpcode.ReadLink => AttributeRequests.ReadLink(inode, reply),
            FuseOpcode.Access => AttributeRequests.Access(inode, request),
            FuseOpcode.StatFs => AttributeRequests.StatFs(inode, reply),
            FuseOpcode.Symlink => NameRequests.Symlink(tree, inode, request, identity, reply),
            FuseOpcode.MkNod => NameRequests.MkNod(tree, inode, request, identity, reply),
            FuseOpcode.MkDir => NameRequests.MkDir(tree, inode, request, identity, reply),
            FuseOpcode.Unlink => NameRequests.Remove(inode, request, 0),
            FuseOpcode.RmDir => NameRequests.Remove(inode, request, OpenFlags.AtRemoveDirectory),
            FuseOpcode.Rename or FuseOpcode.Rename2 => NameRequests.Rename(tree, inode, request, identity),
            FuseOpcode.Link => NameRequests.Link(tree, inode, request, identity, reply),
            FuseOpcode.Open => OpenRequests.Open(tree, inode, request, reply),
            FuseOpcode.OpenDir => DirectoryRequests.Open(tree, inode, reply),
            FuseOpcode.Create => OpenRequests.Create(tree, inode, request, identity, reply),
            FuseOpcode.TmpFile => OpenRequests.TmpFile(tree, inode, request, identity, reply),
            FuseOpcode.GetXattr => XattrRequests.Get(tree, inode, request, reply),
            FuseOpcode.ListXattr => XattrRequests.List(inode, request, reply),
            FuseOpcode.SetXattr => XattrRequests.Set(inode, request),
            FuseOpcode.RemoveXattr => XattrRequests.Remove(inode, request),
            _ => -Errno.NoSystemCall,
        };
}
