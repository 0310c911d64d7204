using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Isobar.Protocol.Jobs;

/// <summary>The few messages on a connection between supervisors that come before its own protocol: length (u32) and JSON text.</summary>
public static class TransportFrame
{
    private const int MaxLength = 64 * 1024;

    public static async Task WriteAsync<T>(Stream stream, T message, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(stream);
        await stream.WriteAsync(Framed(message, type), cancellationToken).ConfigureAwait(false);
        await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The same for a stream whose thread waits in the kernel.</summary>
    public static void Write<T>(Stream stream, T message, JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(stream);
        stream.Write(Framed(message, type));
        stream.Flush();
    }

    /// <exception cref="InvalidDataException">The message is too long, or empty.</exception>
    public static async Task<T> ReadAsync<T>(Stream stream, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var header = new byte[4];
        await stream.ReadExactlyAsync(header, cancellationToken).ConfigureAwait(false);
        var body = Body(header);
        await stream.ReadExactlyAsync(body, cancellationToken).ConfigureAwait(false);
        return Message(body, type);
    }

    /// <summary>The same for a stream whose thread waits in the kernel.</summary>
    /// <exception cref="InvalidDataException">The message is too long, or empty.</exception>
    public static T Read<T>(Stream stream, JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var header = new byte[4];
        stream.ReadExactly(header);
        var body = Body(header);
        stream.ReadExactly(body);
        return Message(body, type);
    }

    private static byte[] Framed<T>(T message, JsonTypeInfo<T> type)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(message, type);
        var framed = new byte[4 + body.Length];
        BinaryPrimitives.WriteInt32LittleEndian(framed, body.Length);
        body.CopyTo(framed, 4);
        return framed;
    }

    private static byte[] Body(byte[] header)
    {
        var length = BinaryPrimitives.ReadInt32LittleEndian(header);
        return (uint)length <= MaxLength ? new byte[length] : throw new InvalidDataException("A message between supervisors is too long to be one.");
    }

    private static T Message<T>(byte[] body, JsonTypeInfo<T> type) =>
        JsonSerializer.Deserialize(body, type) ?? throw new InvalidDataException("A message between supervisors is empty.");
}
