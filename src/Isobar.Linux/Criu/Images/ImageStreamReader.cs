using System.Buffers.Binary;
using System.Text;

namespace Isobar.Linux.Criu.Images;

/// <summary>
/// Receives what <see cref="ImageStreamWriter"/> sent and writes image files. It reads no byte beyond the end marker, so that the
/// connection can go on with something else.
/// </summary>
public sealed class ImageStreamReader(Stream stream, ImageDirectory directory)
{
    private readonly byte[] _header = new byte[ImageFrame.HeaderSize];
    private byte[] _reading = GC.AllocateUninitializedArray<byte>(ImageChunk.MaxData);
    private byte[] _writing = GC.AllocateUninitializedArray<byte>(ImageChunk.MaxData);

    /// <summary>Image bytes received so far.</summary>
    public long Bytes => directory.Bytes;

    /// <summary>Most image bytes that are accepted.</summary>
    public long Limit { get; init; } = long.MaxValue;

    /// <summary>Completes when the end marker has arrived and all images are written.</summary>
    /// <exception cref="CriuException">The stream broke off, is not well-formed, exceeds the limit, or the directory has no space.</exception>
    public async Task ReceiveAsync(CancellationToken cancellationToken = default)
    {
        // Receiving (and decrypting) the next frame overlaps with writing this one.
        var write = Task.CompletedTask;
        try
        {
            while (true)
            {
                await stream.ReadExactlyAsync(_header, cancellationToken).ConfigureAwait(false);
                var (length, kind, image) = ImageFrame.ReadHeader(_header);
                if (length is < 0 or > ImageChunk.MaxData)
                    throw Malformed();
                await stream.ReadExactlyAsync(_reading.AsMemory(0, length), cancellationToken).ConfigureAwait(false);
                await write.ConfigureAwait(false);
                (_reading, _writing) = (_writing, _reading);
                if (kind == ImageFrame.Complete)
                {
                    CheckComplete(_writing.AsSpan(0, length));
                    return;
                }

                if (Bytes + length > Limit)
                    throw new CriuException($"The job's images are larger than the {Limit} bytes that this machine accepts; move it to a machine with more free memory.");
                write = TakeAsync(kind, image, length);
            }
        }
        catch (Exception e) when (e is EndOfStreamException or IOException)
        {
            throw new CriuException("The connection broke off while the job's images were being received; the job goes on where it was.", null, e);
        }
        finally
        {
            await write.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private Task TakeAsync(byte kind, int image, int length)
    {
        const int WorthAThread = 64 * 1024;
        if (kind == ImageFrame.Data && length >= WorthAThread)
        {
            var buffer = _writing;
            return Task.Run(() => directory.Write(image, buffer.AsSpan(0, length)));
        }

        var payload = _writing.AsSpan(0, length);
        switch (kind)
        {
            case ImageFrame.Begin when length <= ImageNames.MaxLength:
                directory.Begin(image, Encoding.UTF8.GetString(payload));
                break;
            case ImageFrame.Data:
                directory.Write(image, payload);
                break;
            case ImageFrame.End when length == 0:
                directory.End(image);
                break;
            default:
                throw Malformed();
        }

        return Task.CompletedTask;
    }

    private void CheckComplete(ReadOnlySpan<byte> payload)
    {
        if (payload.Length != 8 || BinaryPrimitives.ReadInt64LittleEndian(payload) != Bytes || directory.HasOpenImages)
            throw Malformed();
    }

    private static CriuException Malformed() => new("The image stream is not well-formed; both machines should run the same version of Isobar.");
}
