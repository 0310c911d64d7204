using System.Buffers.Binary;

namespace Isobar.Linux.Criu.Images;

/// <summary>
/// Frames of the image stream between two machines: [u32 payload length][u8 kind][u32 image], little-endian, then the payload.
/// No checksum: the stream is inside TLS, whose records are authenticated.
/// </summary>
internal static class ImageFrame
{
    public const int HeaderSize = 9;

    /// <summary>Payload: the name.</summary>
    public const byte Begin = 1;

    public const byte Data = 2;

    public const byte End = 3;

    /// <summary>Last frame; payload: u64 sum of all data bytes, so that a stream cut at a frame border is noticed.</summary>
    public const byte Complete = 4;

    public static void WriteHeader(Span<byte> target, int length, byte kind, int image)
    {
        BinaryPrimitives.WriteInt32LittleEndian(target, length);
        target[4] = kind;
        BinaryPrimitives.WriteInt32LittleEndian(target[5..], image);
    }

    public static (int Length, byte Kind, int Image) ReadHeader(ReadOnlySpan<byte> source)
        => (BinaryPrimitives.ReadInt32LittleEndian(source), source[4], BinaryPrimitives.ReadInt32LittleEndian(source[5..]));
}
