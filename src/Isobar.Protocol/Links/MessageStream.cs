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
    /// <exception cref="LinkClosedException">The link is closed, or this was disposed.</exception>
    public async ValueTask SendAsync(T message, CancellationToken cancellationToken = default)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(message, type);
        var framed = new byte[4 + body.Length];
        BinaryPrimitives.WriteInt32LittleEndian(framed, body.Length);
        body.CopyTo(framed, 4);
        try
        {
            await _oneWriter.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (ObjectDisposedException)
        {
            // Given up by whoever listened, since the other side has gone.
            throw new LinkClosedException();
        }

        try
        {
            // A half-written message would be the end of the link: once begun it is not cancelled.
            await channel.WriteAsync(framed, CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>
    /// The next message, or null when the other side completed the channel. One reader only. A message of a kind that is not known here is passed over: the other side may be of a newer version.
    /// </summary>
    /// <exception cref="JsonException">A message is none, or one of a known kind without what that must have. The next one can be received all the same.</exception>
    public async ValueTask<T?> ReceiveAsync(CancellationToken cancellationToken = default)
    {
        while (await ReadAsync(_header, cancellationToken).ConfigureAwait(false))
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(_header);
            if ((uint)length > MaxLength)
                throw new InvalidDataException("A message on a job's link is too long to be one.");
            var body = new byte[length];
            if (!await ReadAsync(body, cancellationToken).ConfigureAwait(false))
                break;
            try
            {
                return JsonSerializer.Deserialize(body, type);
            }
            catch (JsonException) when (IsOfUnknownKind(body))
            {
                // Nothing to us.
            }
        }

        return default;
    }

    public void Dispose() => _oneWriter.Dispose();

    private void Leave()
    {
        try
        {
            _oneWriter.Release();
        }
        catch (ObjectDisposedException)
        {
            // Disposed while it was being sent: nobody waits.
        }
    }

    private bool IsOfUnknownKind(byte[] body)
    {
        if (type.PolymorphismOptions is not { } kinds)
            return false;
        try
        {
            using var message = JsonDocument.Parse(body);
            return message.RootElement.ValueKind == JsonValueKind.Object
                && message.RootElement.TryGetProperty(kinds.TypeDiscriminatorPropertyName, out var kind)
                && kind.ValueKind == JsonValueKind.String
                && !kinds.DerivedTypes.Any(known => kind.ValueEquals(known.TypeDiscriminator as string));
        }
        catch (JsonException)
        {
            return false;
        }
    }

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
