using System.Runtime.InteropServices;

namespace Isobar.Linux.Fuse.Protocol;

/// <summary><c>fuse_attr</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseAttr
{
    public ulong Ino;
    public ulong Size;
    public ulong Blocks;
    public long Atime;
    public long Mtime;
    public long Ctime;
    public uint AtimeNanoseconds;
    public uint MtimeNanoseconds;
    public uint CtimeNanoseconds;
    public uint Mode;
    public uint LinkCount;
    public uint Uid;
    public uint Gid;
    public uint Rdev;
    public uint BlockSize;
    public uint Flags;
}

/// <summary><c>fuse_attr_out</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseAttrReply
{
    public ulong ValidSeconds;
    public uint ValidNanoseconds;
    public uint Padding;
    public FuseAttr Attr;
}

/// <summary><c>fuse_entry_out</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseEntryReply
{
    public const int Size = 128;

    public ulong NodeId;
    public ulong Generation;
    public ulong EntryValidSeconds;
    public ulong AttrValidSeconds;
    public uint EntryValidNanoseconds;
    public uint AttrValidNanoseconds;
    public FuseAttr Attr;
}

/// <summary><c>fuse_sx_time</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseStatxTime
{
    public long Seconds;
    public uint Nanoseconds;
    public int Reserved;
}

/// <summary><c>fuse_statx_out</c>: carries what <c>fuse_attr</c> cannot, the birth time.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseStatxReply
{
    public ulong ValidSeconds;
    public uint ValidNanoseconds;
    public uint Flags;
    public ulong Spare0;
    public ulong Spare1;
    public uint Mask;
    public uint BlockSize;
    public ulong Attributes;
    public uint LinkCount;
    public uint Uid;
    public uint Gid;
    public ushort Mode;
    public ushort Spare2;
    public ulong Ino;
    public ulong Size;
    public ulong Blocks;
    public ulong AttributesMask;
    public FuseStatxTime Atime;
    public FuseStatxTime Btime;
    public FuseStatxTime Ctime;
    public FuseStatxTime Mtime;
    public uint RdevMajor;
    public uint RdevMinor;
    public uint DevMajor;
    public uint DevMinor;
    public StatxSpare Spare3;
}

/// <summary>The 14 spare words at the end of <c>fuse_statx</c>.</summary>
[System.Runtime.CompilerServices.InlineArray(14)]
internal struct StatxSpare
{
    private ulong _word;
}

/// <summary><c>fuse_getattr_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseGetAttrRequest
{
    public uint Flags;
    public uint Padding;
    public ulong Handle;
}

/// <summary><c>fuse_statx_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseStatxRequest
{
    public uint Flags;
    public uint Reserved;
    public ulong Handle;
    public uint StatxFlags;
    public uint StatxMask;
}

/// <summary><c>fuse_setattr_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseSetAttrRequest
{
    public FuseSetAttrFields Valid;
    public uint Padding;
    public ulong Handle;
    public ulong Size;
    public ulong LockOwner;
    public long Atime;
    public long Mtime;
    public long Ctime;
    public uint AtimeNanoseconds;
    public uint MtimeNanoseconds;
    public uint CtimeNanoseconds;
    public uint Mode;
    public uint Unused4;
    public uint Uid;
    public uint Gid;
    public uint Unused5;
}

/// <summary><c>fuse_statfs_out</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseStatFsReply
{
    public ulong Blocks;
    public ulong FreeBlocks;
    public ulong AvailableBlocks;
    public ulong Files;
    public ulong FreeFiles;
    public uint BlockSize;
    public uint NameLength;
    public uint FragmentSize;
    public uint Padding;
    public ulong Spare0;
    public ulong Spare1;
    public ulong Spare2;
}
