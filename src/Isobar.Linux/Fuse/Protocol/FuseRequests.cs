using System.Runtime.InteropServices;

namespace Isobar.Linux.Fuse.Protocol;

/// <summary><c>fuse_forget_one</c>; FORGET itself carries only the count.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseForgetOne
{
    public ulong NodeId;
    public ulong Lookups;
}

/// <summary><c>fuse_batch_forget_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseBatchForgetRequest
{
    public uint Count;
    public uint Padding;
}

/// <summary><c>fuse_mknod_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseMkNodRequest
{
    public uint Mode;
    public uint Rdev;
    public uint Umask;
    public uint Padding;
}

/// <summary><c>fuse_mkdir_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseMkDirRequest
{
    public uint Mode;
    public uint Umask;
}

/// <summary><c>fuse_rename2_in</c>; RENAME carries only the first field.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseRename2Request
{
    public ulong NewParent;
    public uint Flags;
    public uint Padding;
}

/// <summary><c>fuse_open_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseOpenRequest
{
    public uint Flags;
    public uint OpenFlags;
}

/// <summary><c>fuse_create_in</c>; TMPFILE has the same form.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseCreateRequest
{
    public uint Flags;
    public uint Mode;
    public uint Umask;
    public uint OpenFlags;
}

/// <summary><c>fuse_open_out</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseOpenedReply
{
    public ulong Handle;
    public FuseOpenReply Flags;
    public int BackingId;
}

/// <summary><c>fuse_release_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseReleaseRequest
{
    public ulong Handle;
    public uint Flags;
    public uint ReleaseFlags;
    public ulong LockOwner;
}

/// <summary><c>fuse_read_in</c> (also of READDIR) and <c>fuse_write_in</c>: the same layout.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseTransferRequest
{
    public ulong Handle;
    public ulong Offset;
    public uint Size;
    public uint TransferFlags;
    public ulong LockOwner;
    public uint Flags;
    public uint Padding;
}

/// <summary><c>fuse_write_out</c>, also of COPY_FILE_RANGE, and <c>fuse_getxattr_out</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseSizeReply
{
    public uint Size;
    public uint Padding;
}

/// <summary><c>fuse_flush_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseFlushRequest
{
    public ulong Handle;
    public uint Unused;
    public uint Padding;
    public ulong LockOwner;
}

/// <summary><c>fuse_fsync_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseFsyncRequest
{
    public ulong Handle;
    public uint Flags;
    public uint Padding;
}

/// <summary>The short form of <c>fuse_setxattr_in</c> (FUSE_SETXATTR_EXT not negotiated) and <c>fuse_getxattr_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseXattrRequest
{
    public uint Size;
    public uint Flags;
}

/// <summary><c>fuse_access_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseAccessRequest
{
    public uint Mask;
    public uint Padding;
}

/// <summary><c>fuse_ioctl_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseIoctlRequest
{
    public ulong Handle;
    public uint Flags;
    public uint Command;
    public ulong Argument;
    public uint InSize;
    public uint OutSize;
}

/// <summary><c>fuse_ioctl_out</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseIoctlReply
{
    public int Result;
    public uint Flags;
    public uint InVectors;
    public uint OutVectors;
}

/// <summary><c>fuse_fallocate_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseFallocateRequest
{
    public ulong Handle;
    public ulong Offset;
    public ulong Length;
    public uint Mode;
    public uint Padding;
}

/// <summary><c>fuse_lseek_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseLseekRequest
{
    public ulong Handle;
    public ulong Offset;
    public uint Whence;
    public uint Padding;
}

/// <summary><c>fuse_copy_file_range_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseCopyRequest
{
    public ulong Handle;
    public ulong Offset;
    public ulong TargetNode;
    public ulong TargetHandle;
    public ulong TargetOffset;
    public ulong Length;
    public ulong Flags;
}

/// <summary><c>fuse_dirent</c>, followed by the name, padded to 8 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseDirent
{
    public const int Size = 24;

    public ulong Ino;
    public ulong Offset;
    public uint NameLength;
    public uint Type;
}
