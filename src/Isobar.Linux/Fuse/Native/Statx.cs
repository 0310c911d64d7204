using System.Runtime.InteropServices;

namespace Isobar.Linux.Fuse.Native;

/// <summary><c>struct statx_timestamp</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct StatxTimestamp
{
    public long Seconds;
    public uint Nanoseconds;
    public int Reserved;
}

/// <summary><c>struct statx</c> (256 bytes), up to the mount id of Linux 5.8.</summary>
[StructLayout(LayoutKind.Sequential, Size = 256)]
internal struct Statx
{
    public const uint BasicStats = 0x7ff;
    public const uint BirthTime = 0x800;
    public const uint MountIdentity = 0x1000;

    public uint Mask;
    public uint BlockSize;
    public ulong Attributes;
    public uint LinkCount;
    public uint Uid;
    public uint Gid;
    public ushort Mode;
    public ushort Spare;
    public ulong Ino;
    public ulong Size;
    public ulong Blocks;
    public ulong AttributesMask;
    public StatxTimestamp Atime;
    public StatxTimestamp Btime;
    public StatxTimestamp Ctime;
    public StatxTimestamp Mtime;
    public uint RdevMajor;
    public uint RdevMinor;
    public uint DevMajor;
    public uint DevMinor;
    public ulong MountId;

    public readonly ulong Device => ((ulong)DevMajor << 32) | DevMinor;

    public readonly FileKind Kind => (FileKind)(Mode & (uint)FileKind.Mask);
}

/// <summary>The type bits of a mode.</summary>
internal enum FileKind : uint
{
    Fifo = 0x1000,
    CharacterDevice = 0x2000,
    Directory = 0x4000,
    BlockDevice = 0x6000,
    Regular = 0x8000,
    Symlink = 0xA000,
    Socket = 0xC000,
    Mask = 0xF000,
}
