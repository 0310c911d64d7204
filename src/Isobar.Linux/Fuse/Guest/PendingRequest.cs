using Isobar.Linux.Fuse.Protocol;
using Isobar.Linux.Fuse.Wire;

namespace Isobar.Linux.Fuse.Guest;

/// <summary>A request of the kernel that home has not answered yet, kept to be sent again. Its fields are guarded by its channel.</summary>
internal sealed class PendingRequest(byte[] buffer, int length, in FuseRequestHeader header, bool isPooled)
{
    /// <summary>Where <c>write_flags</c> lies in a WRITE: behind handle, offset and size.</summary>
    private const int WriteFlagsOffset = RequestFrame.Size + FuseRequestHeader.Size + 20;

    private readonly bool _isWriteFromCache = header.Opcode == FuseOpcode.Write
        && (BitConverter.ToUInt32(buffer, WriteFlagsOffset) & FuseBits.WriteFromCache) != 0;

    public FuseOpcode Opcode { get; } = header.Opcode;

    public ulong Unique { get; } = header.Unique;

    public ulong NodeId { get; } = header.NodeId;

    /// <summary>The whole message: room for the frame's header, then the request.</summary>
    public ReadOnlySpan<byte> Message => Buffer.AsSpan(0, length);

    public byte[] Buffer => buffer;

    public int Length => length;

    /// <summary>Whether no system call waits for it: it writes back a page that was changed through mapped memory, or is an early write.</summary>
    public bool IsUnattended => Early is not null || _isWriteFromCache;

    /// <summary>Whether the buffer is a large one that goes back to its pool.</summary>
    public bool IsPooled => isPooled;

    public ulong Sequence { get; set; }

    /// <summary>What must be done at home before this: see <see cref="RequestFrame.After"/>.</summary>
    public ulong After { get; set; }

    /// <summary>A write that is answered to the kernel before home has confirmed it.</summary>
    public EarlyWrite? Early { get; init; }

    /// <summary>The message is being written, outside of the channel's lock.</summary>
    public bool IsWriting { get; set; }

    public bool IsDone { get; set; }
}
