using System.Runtime.InteropServices;

namespace Isobar.Linux.Fuse.Protocol;

/// <summary><c>fuse_in_header</c>: starts every request.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseRequestHeader
{
    public const int Size = 40;

    public uint Length;
    public FuseOpcode Opcode;
    public ulong Unique;
    public ulong NodeId;
    public uint Uid;
    public uint Gid;
    public uint Pid;
    public ushort ExtensionLength;
    public ushort Padding;
}

/// <summary><c>fuse_out_header</c>: starts every reply (and, with <see cref="Unique"/> 0, a notification whose code is in <see cref="Error"/>).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseReplyHeader
{
    public const int Size = 16;

    public uint Length;
    public int Error;
    public ulong Unique;
}

/// <summary><c>fuse_init_in</c>, up to the fields in use.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseInitRequest
{
    public uint Major;
    public uint Minor;
    public uint MaxReadAhead;
    public uint Flags;
    public uint Flags2;
}

/// <summary><c>fuse_init_out</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseInitReply
{
    public uint Major;
    public uint Minor;
    public uint MaxReadAhead;
    public uint Flags;
    public ushort MaxBackground;
    public ushort CongestionThreshold;
    public uint MaxWrite;
    public uint TimeGranularity;
    public ushort MaxPages;
    public ushort MapAlignment;
    public uint Flags2;
    public uint MaxStackDepth;
    public ulong Unused0;
    public ulong Unused1;
    public ulong Unused2;
}

/// <summary><c>fuse_notify_inval_inode_out</c>; a negative offset drops the attributes only and never waits for a page.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseInvalidateInode
{
    public ulong NodeId;
    public long Offset;
    public long Length;
}
