using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Isobar.Protocol.Links;

/// <summary>Typed messages (JSON, each behind its length) on one channel of a link.</summary>
public sealed class MessageStream<T>(LinkChannel channel, JsonTypeInfo<T> type) : IDisposable
{
    private const int MaxLength = 16 * 1024 * 1024;
    private readonly SemaphoreSlim _oneWriter = new(1);
    private readonly byte[] _header = new byte[4];

    /// <summary>Sends one message; may be called from several places at once.</summary>
    public async ValueTask SendAsync(T message, CancellationToken cancellationToken = default)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(message, type);
        var framed = new byte[4 + body.Length];
        BinaryPrimitives.WriteInt32LittleEndian(framed, body.Length);
        body.CopyTo(framed, 4);
        await _oneWriter.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // A half-written message would be the end of the link: once begun it is not cancelled.
            await channel.WriteAsync(framed, CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            _oneWriter.Release();
        }
    }

    /// <summary>The next message, or null when the other side completed the channel. One reader only.</summary>
    public async ValueTask<T?> ReceiveAsync(CancellationToken cancellationToken = default)
    {
        if (!await ReadAsync(_header, cancellationToken).ConfigureAwait(false))
            return default;
        var length = BinaryPrimitives.ReadInt32LittleEndian(_header);
        if ((uint)length > MaxLength)
            throw new InvalidDataException("A message on a job's link is too long to be one.");
        var body = new byte[length];
        if (!await ReadAsync(body, cancellationToken).ConfigureAwait(false))
            return default;
        return JsonSerializer.Deserialize(body, type);
    }

    public void Dispose() => _oneWriter.Dispose();

    private async ValueTask<bool> ReadAsync(Memory<byte> target, CancellationToken cancellationToken)
    {
        while (target.Length > 0)
        {
            var length = await channel.ReadAsync(target, cancellationToken).ConfigureAwait(false);
            if (length == 0)
                return false;
            target = target[length..];
        }

        return true;
    }
}
