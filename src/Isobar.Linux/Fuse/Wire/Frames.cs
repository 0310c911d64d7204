using System.Runtime.InteropServices;

namespace Isobar.Linux.Fuse.Wire;

/// <summary>
/// Starts each message from guest to home. Behind it: the kernel's request as it was read, if <see cref="Sequence"/> is not 0, then
/// <see cref="AcknowledgementCount"/> sequence numbers (8 bytes each) of replies that need not be kept any longer.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal struct RequestFrame
{
    public const int Size = 24;

    /// <summary>Length of all, this header included.</summary>
    public uint Length;
    public ushort AcknowledgementCount;
    public RequestFlags Flags;

    /// <summary>Number of the request on its channel, counted from 1 without gaps; 0 = no request, a sign of life that is answered by the same.</summary>
    public ulong Sequence;

    /// <summary>On the metadata channel: the last ordered write of the other channel that must be done before this request is begun.</summary>
    public ulong After;
}

/// <summary>How home is to execute a request.</summary>
[Flags]
internal enum RequestFlags : ushort
{
    None = 0,

    /// <summary>A write that the guest's kernel takes for done: nothing that comes behind it may be begun before it is.</summary>
    Ordered = 1,
}

/// <summary>Starts each message from home to guest. Behind it, if <see cref="Sequence"/> is not 0, the reply as the guest's kernel gets it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ReplyFrame
{
    public const int Size = 24;

    public uint Length;
    public ReplyFlags Flags;
    public ulong Sequence;

    /// <summary>Every request up to this number has arrived: those that are never answered need not be kept for a new connection.</summary>
    public ulong Received;
}

/// <summary>What the guest does before it hands a reply to its kernel.</summary>
[Flags]
internal enum ReplyFlags : uint
{
    None = 0,

    /// <summary>Makes the kernel forget the attributes of the request's node: the file has changed since they were sent.</summary>
    DropAttributes = 1,
}

/// <summary>Sizes that both ends hold each other to.</summary>
internal static class FrameLimits
{
    /// <summary>Largest READ or WRITE: 256 pages, the kernel's own limit (FUSE_MAX_MAX_PAGES).</summary>
    public const int Transfer = 1 << 20;

    /// <summary>Largest message besides its data; also what the kernel wants its reader's buffer to have beyond max_write.</summary>
    public const int Overhead = 4096;

    /// <summary>Most acknowledgements in one message.</summary>
    public const int Acknowledgements = 256;

    public const int Request = RequestFrame.Size + Transfer + Overhead + (Acknowledgements * sizeof(ulong));

    public const int Reply = ReplyFrame.Size + Transfer + Overhead;
}
