using Isobar.Linux.Fuse.Protocol;

namespace Isobar.Linux.Fuse.Guest;

/// <summary>A request of the kernel that home has not answered yet, kept to be sent again. Its fields are guarded by its channel.</summary>
internal sealed class PendingRequest(byte[] buffer, int length, in FuseRequestHeader header, bool isPooled)
{
    public FuseOpcode Opcode { get; } = header.Opcode;

    public ulong Unique { get; } = header.Unique;

    public ulong NodeId { get; } = header.NodeId;

    /// <summary>The whole message: room for the frame's header, then the request.</summary>
    public ReadOnlySpan<byte> Message => Buffer.AsSpan(0, length);

    public byte[] Buffer => buffer;

    public int Length => length;

    /// <summary>Whether the buffer is a large one that goes back to its pool.</summary>
    public bool IsPooled => isPooled;

    public ulong Sequence { get; set; }

    /// <summary>The message is being written, outside of the channel's lock.</summary>
    public bool IsWriting { get; set; }

    public bool IsDone { get; set; }
}
