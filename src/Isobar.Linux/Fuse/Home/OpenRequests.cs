using System.Runtime.InteropServices;
using Isobar.Linux.Fuse.Native;
using Isobar.Linux.Fuse.Protocol;
using Isobar.Linux.Fuse.Wire;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Fuse.Home;

/// <summary>Requests that open, make and close files. Each returns the length of its payload or a negative error number.</summary>
internal static class OpenRequests
{
    /// <summary>
    /// What a guest's flags may ask of the home's file. O_DIRECT is left out, since the guest's buffers are not aligned here; so are all flags of the file
    /// name, which the guest's kernel has dealt with.
    /// </summary>
    private const int Passed = OpenFlags.AccessMode | OpenFlags.Truncate | OpenFlags.Append | OpenFlags.Sync | OpenFlags.NoAccessTime;

    /// <summary>O_NONBLOCK has no meaning for regular files, but spares a worker from waiting on a FIFO that came in the file's place.</summary>
    private const int Always = OpenFlags.CloseOnExec | OpenFlags.NonBlocking | OpenFlags.NoControllingTerminal;

    public static int Open(ServedTree tree, Inode inode, in FuseRequest request, ReplyBuffer reply)
    {
        if (!request.TryRead(out FuseOpenRequest wanted, out _))
            return -Errno.Invalid;

        // The guest's kernel opens FIFOs, sockets and devices by itself; who asks for one here is no kernel.
        if (inode.Kind != FileKind.Regular)
            return -Errno.NoDevice;
        var flags = (int)wanted.Flags;
        if ((flags & OpenFlags.ForExecution) != 0 && MayExecute(inode) is var refused and < 0)
            return refused;
        using var link = new DescriptorLink(inode.Path);
        var descriptor = FileCalls.OpenAt(OpenFlags.AtCurrentDirectory, link.Path, (flags & Passed) | Always, 0);
        if (descriptor < 0)
            return ServedTree.Failure();
        var file = new OpenFile(inode, new SafeFileHandle(descriptor, ownsHandle: true), (flags & OpenFlags.Append) != 0);
        if (tree.ManyUsers && (wanted.OpenFlags & FuseBits.OpenKillPrivileges) != 0)
            _ = AttributeRequests.KillPrivileges(inode);
        var steering = CachingOf(tree, file, reply);
        // A close is told so that what was written is here when it is done.
        if ((flags & OpenFlags.AccessMode) == 0)
            steering |= FuseOpenReply.NoFlush;
        return reply.Put(new FuseOpenedReply { Handle = tree.Files.Add(file), Flags = steering });
    }

    public static int Create(ServedTree tree, Inode directory, in FuseRequest request, WorkerIdentity identity, ReplyBuffer reply)
    {
        if (!request.TryRead(out FuseCreateRequest wanted, out var rest) || !FuseRequest.TryTakeName(ref rest, out var name))
            return -Errno.Invalid;
        var flags = ((int)wanted.Flags & (Passed | OpenFlags.Exclusive)) | OpenFlags.Create | OpenFlags.NoFollow | Always;
        identity.BeginCreation(request.Header, wanted.Umask);
        var descriptor = FileCalls.OpenAt(directory.Path, MemoryMarshal.GetReference(name), flags, wanted.Mode & 0xfff);
        var error = descriptor < 0 ? ServedTree.Failure() : 0;
        identity.EndCreation(request.Header);

        // Someone at home put a symbolic link there after the guest had looked: it must look again.
        if (error < 0)
            return error == -Errno.Loop ? -Errno.Stale : error;
        return Opened(tree, new SafeFileHandle(descriptor, ownsHandle: true), wanted, identity, reply);
    }

    public static int TmpFile(ServedTree tree, Inode directory, in FuseRequest request, WorkerIdentity identity, ReplyBuffer reply)
    {
        if (!request.TryRead(out FuseCreateRequest wanted, out _))
            return -Errno.Invalid;
        var flags = ((int)wanted.Flags & (Passed | OpenFlags.Exclusive)) | OpenFlags.TemporaryFile | Always;
        identity.BeginCreation(request.Header, wanted.Umask);
        using (var link = new DescriptorLink(directory.Path))
        {
            var descriptor = FileCalls.OpenAt(OpenFlags.AtCurrentDirectory, link.Path, flags, wanted.Mode & 0xfff);
            var error = descriptor < 0 ? ServedTree.Failure() : 0;
            identity.EndCreation(request.Header);
            return error < 0 ? error : Opened(tree, new SafeFileHandle(descriptor, ownsHandle: true), wanted, identity, reply);
        }
    }

    public static void Release(ServedTree tree, in FuseRequest request)
    {
        if (request.TryRead(out FuseReleaseRequest closing, out _))
            tree.Files.Close(closing.Handle);
    }

    private static int Opened(ServedTree tree, SafeFileHandle opened, in FuseCreateRequest wanted, WorkerIdentity identity, ReplyBuffer reply)
    {
        using var link = new DescriptorLink(opened);
        var path = FileCalls.OpenAt(OpenFlags.AtCurrentDirectory, link.Path, OpenFlags.Path | OpenFlags.CloseOnExec, 0);
        if (path < 0)
        {
            var error = ServedTree.Failure();
            opened.Dispose();
            return error;
        }

        var result = tree.Enter(new SafeFileHandle(path, ownsHandle: true), out var entry);
        var inode = result == 0 ? tree.Inodes.Hold(entry.NodeId, identity) : null;
        if (inode is not { Kind: FileKind.Regular })
        {
            // A FIFO or the like was put in the file's place at home: the guest must look again.
            inode?.Release();
            opened.Dispose();
            if (result == 0)
                tree.Inodes.Forget(entry.NodeId, 1);
            return result < 0 ? result : -Errno.Stale;
        }

        var file = new OpenFile(inode, opened, ((int)wanted.Flags & OpenFlags.Append) != 0);
        if (tree.ManyUsers && (wanted.OpenFlags & FuseBits.OpenKillPrivileges) != 0)
            _ = AttributeRequests.KillPrivileges(inode);
        var caching = tree.IsVolatile(inode.Key.Device, opened) ? FuseOpenReply.DirectIo : 0;
        inode.Release();
        return reply.Put(new CreatedReply { Entry = entry, Opened = new FuseOpenedReply { Handle = tree.Files.Add(file), Flags = caching } });
    }

    private static int MayExecute(Inode inode) =>
        FileCalls.RawAccess(IdentityCalls.FaccessAt2, inode.Path, 0, 1, OpenFlags.AtEmptyPath | OpenFlags.AtEffectiveAccess) < 0
            ? ServedTree.Failure()
            : 0;

    /// <summary>
    /// Close-to-open consistency: a guest may keep what it has cached of the file only if the file is as the guest was last told. Otherwise it must also ask for
    /// the size again, or it would read up to the old end for as long as the old attributes last.
    /// </summary>
    private static FuseOpenReply CachingOf(ServedTree tree, OpenFile file, ReplyBuffer reply)
    {
        if (tree.IsVolatile(file.Inode.Key.Device, file.Descriptor))
            return FuseOpenReply.DirectIo;
        if (ServedTree.Stat(file.Inode.Path, out var attributes) == 0 && file.Inode.IsUnchanged(attributes))
            return FuseOpenReply.KeepCache;
        reply.Flags |= ReplyFlags.DropAttributes;
        return FuseOpenReply.None;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct CreatedReply
    {
        public FuseEntryReply Entry;
        public FuseOpenedReply Opened;
    }
}
