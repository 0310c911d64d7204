using System.Runtime.InteropServices;

namespace Isobar.Linux.Paging;

/// <summary>struct uffd_msg (uapi/linux/userfaultfd.h): what of it is told depends on the event.</summary>
[StructLayout(LayoutKind.Explicit, Size = 32)]
internal readonly struct UserFaultMessage
{
    public const byte Fault = 0x12;
    public const byte Fork = 0x13;
    public const byte Remap = 0x14;
    public const byte Remove = 0x15;
    public const byte Unmap = 0x16;

    [FieldOffset(0)]
    public readonly byte Event;

    /// <summary>Of a fault.</summary>
    [FieldOffset(16)]
    public readonly ulong Address;

    /// <summary>Of a fork: the userfaultfd of the child's memory, a descriptor of ours.</summary>
    [FieldOffset(8)]
    public readonly int Child;

    /// <summary>Of memory that is given up.</summary>
    [FieldOffset(8)]
    public readonly ulong Start;

    /// <summary>See <see cref="Start"/>.</summary>
    [FieldOffset(16)]
    public readonly ulong End;

    /// <summary>Of memory that is moved.</summary>
    [FieldOffset(8)]
    public readonly ulong From;

    /// <summary>See <see cref="From"/>.</summary>
    [FieldOffset(16)]
    public readonly ulong To;

    /// <summary>See <see cref="From"/>.</summary>
    [FieldOffset(24)]
    public readonly ulong Length;
}
