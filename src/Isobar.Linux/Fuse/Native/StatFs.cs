using System.Runtime.InteropServices;

namespace Isobar.Linux.Fuse.Native;

/// <summary><c>struct statfs</c> of 64-bit Linux.</summary>
[StructLayout(LayoutKind.Sequential, Size = 120)]
internal struct StatFs
{
    public long Type;
    public long BlockSize;
    public ulong Blocks;
    public ulong FreeBlocks;
    public ulong AvailableBlocks;
    public ulong Files;
    public ulong FreeFiles;
    public ulong Identity;
    public long NameLength;
    public long FragmentSize;
}
