using System.Runtime.InteropServices;
using Isobar.Linux.Fuse.Native;
using Isobar.Linux.Fuse.Protocol;

namespace Isobar.Linux.Fuse.Home;

/// <summary>Requests on attributes. Each returns the length of its payload or a negative error number.</summary>
internal static class AttributeRequests
{
    private const uint SetUserId = 0x800;
    private const uint SetGroupId = 0x400;
    private const uint GroupExecute = 0x8;

    public static int GetAttr(ServedTree tree, Inode inode, ReplyBuffer reply)
    {
        if (ServedTree.Stat(inode.Path, out var attributes) is var error and < 0)
            return error;
        inode.Sent(attributes);
        var (seconds, nanoseconds) = tree.Lifetime();
        return reply.Put(new FuseAttrReply { ValidSeconds = seconds, ValidNanoseconds = nanoseconds, Attr = tree.Describe(attributes) });
    }

    public static int Statx(ServedTree tree, Inode inode, ReplyBuffer reply)
    {
        if (ServedTree.Stat(inode.Path, out var s) is var error and < 0)
            return error;
        inode.Sent(s);
        var (seconds, nanoseconds) = tree.Lifetime();
        return reply.Put(new FuseStatxReply
        {
            ValidSeconds = seconds,
            ValidNanoseconds = nanoseconds,
            Mask = s.Mask & (Native.Statx.BasicStats | Native.Statx.BirthTime),
            BlockSize = s.BlockSize,
            LinkCount = s.LinkCount,
            Uid = s.Uid,
            Gid = s.Gid,
            Mode = s.Mode,
            Ino = tree.NumberOf(s.Device, s.Ino),
            Size = s.Size,
            Blocks = s.Blocks,
            Atime = TimeOf(s.Atime),
            Btime = TimeOf(s.Btime),
            Ctime = TimeOf(s.Ctime),
            Mtime = TimeOf(s.Mtime),
            RdevMajor = s.RdevMajor,
            RdevMinor = s.RdevMinor,
        });
    }

    public static int SetAttr(ServedTree tree, Inode inode, in FuseRequest request, ReplyBuffer reply)
    {
        if (!request.TryRead(out FuseSetAttrRequest wanted, out _))
            return -Errno.Invalid;
        var valid = wanted.Valid;
        if (valid.HasFlag(FuseSetAttrFields.Mode) && SetMode(inode, wanted.Mode) is var modeError and < 0)
            return modeError;
        if ((valid & (FuseSetAttrFields.Uid | FuseSetAttrFields.Gid)) != 0)
        {
            var uid = valid.HasFlag(FuseSetAttrFields.Uid) ? wanted.Uid : uint.MaxValue;
            var gid = valid.HasFlag(FuseSetAttrFields.Gid) ? wanted.Gid : uint.MaxValue;
            if (FileCalls.ChownAt(inode.Path, 0, uid, gid, OpenFlags.AtEmptyPath | OpenFlags.AtSymlinkNoFollow) < 0)
                return ServedTree.Failure();
        }

        if (valid.HasFlag(FuseSetAttrFields.Size) && SetSize(tree, inode, wanted) is var sizeError and < 0)
            return sizeError;
        if (tree.ManyUsers && valid.HasFlag(FuseSetAttrFields.KillPrivileges) && KillPrivileges(inode) is var killError and < 0)
            return killError;
        if ((valid & (FuseSetAttrFields.Atime | FuseSetAttrFields.Mtime)) != 0 && SetTimes(inode, wanted) is var timeError and < 0)
            return timeError;
        return GetAttr(tree, inode, reply);
    }

    /// <summary>Takes set-user-id and set-group-id off a file that someone without the right to keep them has changed (as the VFS does by itself for user workers).</summary>
    public static int KillPrivileges(Inode inode)
    {
        if (ServedTree.Stat(inode.Path, out var attributes) is var error and < 0)
            return error;
        var mode = attributes.Mode & 0xfffu;
        var kept = mode & ~SetUserId;
        if ((mode & GroupExecute) != 0)
            kept &= ~SetGroupId;
        return kept == mode ? 0 : SetMode(inode, kept);
    }

    public static int Access(Inode inode, in FuseRequest request)
    {
        if (!request.TryRead(out FuseAccessRequest wanted, out _))
            return -Errno.Invalid;
        var flags = OpenFlags.AtEmptyPath | OpenFlags.AtEffectiveAccess;
        return FileCalls.RawAccess(IdentityCalls.FaccessAt2, inode.Path, 0, (int)wanted.Mask & 7, flags) < 0 ? ServedTree.Failure() : 0;
    }

    public static int ReadLink(Inode inode, ReplyBuffer reply)
    {
        const int PathLimit = 4096;
        var length = FileCalls.ReadLinkAt(inode.Path, 0, ref MemoryMarshal.GetReference(reply.Payload(PathLimit)), PathLimit);
        return length < 0 ? ServedTree.Failure() : (int)length;
    }

    public static int StatFs(Inode inode, ReplyBuffer reply)
    {
        if (FileCalls.StatFs(inode.Path, out var s) < 0)
            return ServedTree.Failure();
        return reply.Put(new FuseStatFsReply
        {
            Blocks = s.Blocks,
            FreeBlocks = s.FreeBlocks,
            AvailableBlocks = s.AvailableBlocks,
            Files = s.Files,
            FreeFiles = s.FreeFiles,
            BlockSize = (uint)s.BlockSize,
            NameLength = (uint)s.NameLength,
            FragmentSize = (uint)s.FragmentSize,
        });
    }

    private static FuseStatxTime TimeOf(StatxTimestamp time) => new() { Seconds = time.Seconds, Nanoseconds = time.Nanoseconds };

    private static int SetMode(Inode inode, uint mode)
    {
        if (inode.Kind == FileKind.Symlink)
            return -Errno.NotSupported;
        using var link = new DescriptorLink(inode.Path);
        return FileCalls.ChmodAt(OpenFlags.AtCurrentDirectory, link.Path, mode & 0xfff, 0) < 0 ? ServedTree.Failure() : 0;
    }

    private static int SetSize(ServedTree tree, Inode inode, in FuseSetAttrRequest wanted)
    {
        if (inode.Kind != FileKind.Regular)
            return -Errno.Invalid;
        if (wanted.Valid.HasFlag(FuseSetAttrFields.Handle))
        {
            if (tree.Files.Find(wanted.Handle) is not { } file)
                return -Errno.BadDescriptor;
            return FileCalls.Truncate(file.Descriptor, (long)wanted.Size) < 0 ? ServedTree.Failure() : 0;
        }

        using var link = new DescriptorLink(inode.Path);
        return FileCalls.Truncate(link.Path, (long)wanted.Size) < 0 ? ServedTree.Failure() : 0;
    }

    private static int SetTimes(Inode inode, in FuseSetAttrRequest wanted)
    {
        Span<Timespec> times =
        [
            Choose(wanted.Valid, FuseSetAttrFields.Atime, FuseSetAttrFields.AtimeNow, wanted.Atime, wanted.AtimeNanoseconds),
            Choose(wanted.Valid, FuseSetAttrFields.Mtime, FuseSetAttrFields.MtimeNow, wanted.Mtime, wanted.MtimeNanoseconds),
        ];
        return FileCalls.SetTimesAt(inode.Path, 0, times[0], OpenFlags.AtEmptyPath | OpenFlags.AtSymlinkNoFollow) < 0 ? ServedTree.Failure() : 0;
    }

    private static Timespec Choose(FuseSetAttrFields valid, FuseSetAttrFields given, FuseSetAttrFields now, long seconds, uint nanoseconds)
    {
        if (!valid.HasFlag(given))
            return new Timespec { Nanoseconds = Timespec.Omit };
        return valid.HasFlag(now) ? new Timespec { Nanoseconds = Timespec.Now } : new Timespec { Seconds = seconds, Nanoseconds = nanoseconds };
    }
}
