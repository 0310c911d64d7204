using System.Buffers.Binary;

namespace Isobar.Protocol.Links;

internal enum LinkFrameKind : byte
{
    /// <summary>How much of one channel arrived here; one for each channel opens every transport.</summary>
    Resume = 1,
    Data = 2,
    Acknowledge = 3,
    End = 4,

    /// <summary>Nothing to say, but alive: renews the lease.</summary>
    Alive = 5,

    /// <summary>The sender closes the link for good.</summary>
    Close = 6,
}

/// <summary>The header of a frame: kind, channel, length of the payload (u32), stream offset (u64); little endian.</summary>
internal readonly record struct LinkFrame(LinkFrameKind Kind, byte Channel, int Length, long Offset)
{
    public const int HeaderLength = 14;
    public const int MaxPayload = 64 * 1024;

    public static int Write(Span<byte> target, LinkFrameKind kind, byte channel, long offset, int length)
    {
        target[0] = (byte)kind;
        target[1] = channel;
        BinaryPrimitives.WriteInt32LittleEndian(target[2..], length);
        BinaryPrimitives.WriteInt64LittleEndian(target[6..], offset);
        return HeaderLength;
    }

    public static LinkFrame Read(ReadOnlySpan<byte> header)
    {
        var frame = new LinkFrame(
            (LinkFrameKind)header[0],
            header[1],
            BinaryPrimitives.ReadInt32LittleEndian(header[2..]),
            BinaryPrimitives.ReadInt64LittleEndian(header[6..]));
        if (frame.Kind is < LinkFrameKind.Resume or > LinkFrameKind.Close || (uint)frame.Length > MaxPayload || frame.Offset < 0)
            throw new InvalidDataException("A frame on a job's link makes no sense: the other side speaks another version of Isobar.");
        return frame;
    }
}
