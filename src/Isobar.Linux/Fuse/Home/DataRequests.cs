using System.Runtime.InteropServices;
using Isobar.Linux.Fuse.Native;
using Isobar.Linux.Fuse.Protocol;
using Isobar.Linux.Fuse.Wire;

namespace Isobar.Linux.Fuse.Home;

/// <summary>Requests on the contents of open files. Each returns the length of its payload or a negative error number.</summary>
internal static class DataRequests
{
    private const int SeekData = 3;
    private const int SeekHole = 4;

    /// <summary>Longest copy in one request, bytes: a worker must not be away for minutes. The guest's kernel goes on with the rest.</summary>
    private const ulong CopyLimit = 1 << 28;

    /// <summary>chattr and lsattr: FS_IOC_GETFLAGS, FS_IOC_SETFLAGS, FS_IOC_FSGETXATTR, FS_IOC_FSSETXATTR.</summary>
    private static readonly HashSet<uint> FlagCommands = [0x80086601, 0x40086602, 0x801c581f, 0x401c5820];

    public static int Read(ServedTree tree, in FuseRequest request, ReplyBuffer reply)
    {
        if (!request.TryRead(out FuseTransferRequest wanted, out _))
            return -Errno.Invalid;
        if (tree.Files.Find(wanted.Handle) is not { } file)
            return -Errno.BadDescriptor;
        var size = (int)Math.Min(wanted.Size, FrameLimits.Transfer);
        var done = DataCalls.ReadAt(file.Descriptor, ref MemoryMarshal.GetReference(reply.Payload(size)), size, (long)wanted.Offset);
        return done < 0 ? ServedTree.Failure() : (int)done;
    }

    public static int Write(ServedTree tree, in FuseRequest request, ReplyBuffer reply)
    {
        if (!request.TryRead(out FuseTransferRequest wanted, out var data) || data.Length < wanted.Size)
            return -Errno.Invalid;
        if (tree.Files.Find(wanted.Handle) is not { } file)
            return -Errno.BadDescriptor;
        data = data[..(int)wanted.Size];
        var append = ((int)wanted.Flags & OpenFlags.Append) != 0 && (wanted.TransferFlags & FuseBits.WriteFromCache) == 0;
        var done = append == file.Appends
            ? DataCalls.WriteAt(file.Descriptor, MemoryMarshal.GetReference(data), data.Length, (long)wanted.Offset)
            : WriteOtherwise(file, data, (long)wanted.Offset, append);
        if (done < 0)
            return ServedTree.Failure();
        if (tree.ManyUsers && (wanted.TransferFlags & FuseBits.WriteKillPrivileges) != 0)
            _ = AttributeRequests.KillPrivileges(file.Inode);
        return reply.Put(new FuseSizeReply { Size = (uint)done });
    }

    public static int Sync(ServedTree tree, in FuseRequest request)
    {
        if (!request.TryRead(out FuseFsyncRequest wanted, out _))
            return -Errno.Invalid;
        if (tree.Files.Find(wanted.Handle) is not { } file)
            return -Errno.BadDescriptor;
        var result = (wanted.Flags & FuseBits.FsyncDataOnly) != 0 ? DataCalls.SyncData(file.Descriptor) : DataCalls.Sync(file.Descriptor);
        return result < 0 ? ServedTree.Failure() : 0;
    }

    public static int Allocate(ServedTree tree, in FuseRequest request)
    {
        if (!request.TryRead(out FuseFallocateRequest wanted, out _))
            return -Errno.Invalid;
        if (tree.Files.Find(wanted.Handle) is not { } file)
            return -Errno.BadDescriptor;
        return DataCalls.Allocate(file.Descriptor, (int)wanted.Mode, (long)wanted.Offset, (long)wanted.Length) < 0 ? ServedTree.Failure() : 0;
    }

    public static int Seek(ServedTree tree, in FuseRequest request, ReplyBuffer reply)
    {
        if (!request.TryRead(out FuseLseekRequest wanted, out _) || wanted.Whence is not (SeekData or SeekHole))
            return -Errno.Invalid;
        if (tree.Files.Find(wanted.Handle) is not { Inode.Kind: FileKind.Regular } file)
            return -Errno.BadDescriptor;
        var position = DataCalls.Seek(file.Descriptor, (long)wanted.Offset, (int)wanted.Whence);
        return position < 0 ? ServedTree.Failure() : reply.Put(position);
    }

    public static int Copy(ServedTree tree, in FuseRequest request, ReplyBuffer reply)
    {
        if (!request.TryRead(out FuseCopyRequest wanted, out _))
            return -Errno.Invalid;
        if (tree.Files.Find(wanted.Handle) is not { } source || tree.Files.Find(wanted.TargetHandle) is not { } target)
            return -Errno.BadDescriptor;
        var (from, to) = ((long)wanted.Offset, (long)wanted.TargetOffset);
        var length = (nint)Math.Min(wanted.Length, CopyLimit);
        var done = DataCalls.CopyRange(source.Descriptor, ref from, target.Descriptor, ref to, length, (uint)wanted.Flags);
        if (done < 0)
            return ServedTree.Failure();
        return request.Header.Opcode == FuseOpcode.CopyFileRange64 ? reply.Put((ulong)done) : reply.Put(new FuseSizeReply { Size = (uint)done });
    }

    public static int Ioctl(ServedTree tree, in FuseRequest request, ReplyBuffer reply)
    {
        if (!request.TryRead(out FuseIoctlRequest wanted, out var input))
            return -Errno.Invalid;
        if (!FlagCommands.Contains(wanted.Command))
            return -Errno.NotTerminal;
        if (tree.Files.Find(wanted.Handle) is not { } file)
            return -Errno.BadDescriptor;
        Span<byte> argument = stackalloc byte[64];
        argument.Clear();
        input[..Math.Min(input.Length, argument.Length)].CopyTo(argument);
        if (DataCalls.Ioctl(file.Descriptor, wanted.Command, ref MemoryMarshal.GetReference(argument)) < 0)
            return ServedTree.Failure();
        const int HeaderSize = 16;
        var size = (int)Math.Min(wanted.OutSize, (uint)argument.Length);
        var payload = reply.Payload(HeaderSize + size);
        payload.Clear();
        argument[..size].CopyTo(payload[HeaderSize..]);
        return payload.Length;
    }

    /// <summary>A write whose way to append is not that of the open file: fcntl(F_SETFL) has changed it, or a mapped page is written back.</summary>
    private static unsafe nint WriteOtherwise(OpenFile file, ReadOnlySpan<byte> data, long offset, bool append)
    {
        fixed (byte* start = data)
        {
            var vector = new IoVector { Base = (nint)start, Length = data.Length };
            return DataCalls.WriteAt(file.Descriptor, vector, 1, offset, append ? DataCalls.WriteAppend : DataCalls.WriteNoAppend);
        }
    }
}
