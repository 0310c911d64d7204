using System.Buffers.Binary;
using System.Text;

namespace Isobar.Linux.Criu.Images;

/// <summary>Sends all images of a dump as frames on one stream. It neither closes nor owns the stream.</summary>
public sealed class ImageStreamWriter(Stream stream) : IImageSink
{
    // A dump of a small job is some forty images of a few hundred bytes: sent one by one they would cost a TLS record and a system call each.
    private const int SmallFrame = 16 * 1024;

    private readonly byte[] _held = GC.AllocateUninitializedArray<byte>(4 * SmallFrame);
    private int _heldLength;
    private long _bytes;

    /// <summary>Image bytes accepted so far (without framing).</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    public async ValueTask WriteAsync(ImageChunk chunk, CancellationToken cancellationToken)
    {
        if (chunk.Kind == ImageEvent.Begin)
        {
            await HoldAsync(ImageFrame.Begin, chunk.Image, Encoding.UTF8.GetBytes(chunk.Name!), cancellationToken).ConfigureAwait(false);
            return;
        }

        if (chunk.Kind == ImageEvent.End)
        {
            await HoldAsync(ImageFrame.End, chunk.Image, default, cancellationToken).ConfigureAwait(false);
            return;
        }

        Interlocked.Add(ref _bytes, chunk.Length);
        if (chunk.Length <= SmallFrame)
        {
            await HoldAsync(ImageFrame.Data, chunk.Image, chunk.Data, cancellationToken).ConfigureAwait(false);
            return;
        }

        await SendHeldAsync(cancellationToken).ConfigureAwait(false);
        var frame = chunk.HeaderAndData[(ImageChunk.HeaderRoom - ImageFrame.HeaderSize)..];
        ImageFrame.WriteHeader(frame.Span, chunk.Length, ImageFrame.Data, chunk.Image);
        await stream.WriteAsync(frame, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        await SendHeldAsync(cancellationToken).ConfigureAwait(false);
        await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask CompleteAsync(CancellationToken cancellationToken)
    {
        var total = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(total, Bytes);
        await HoldAsync(ImageFrame.Complete, 0, total, cancellationToken).ConfigureAwait(false);
        await FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask HoldAsync(byte kind, int image, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        var size = ImageFrame.HeaderSize + payload.Length;
        if (_heldLength + size > _held.Length)
            await SendHeldAsync(cancellationToken).ConfigureAwait(false);
        ImageFrame.WriteHeader(_held.AsSpan(_heldLength), payload.Length, kind, image);
        payload.Span.CopyTo(_held.AsSpan(_heldLength + ImageFrame.HeaderSize));
        _heldLength += size;
    }

    private async ValueTask SendHeldAsync(CancellationToken cancellationToken)
    {
        if (_heldLength == 0)
            return;
        await stream.WriteAsync(_held.AsMemory(0, _heldLength), cancellationToken).ConfigureAwait(false);
        _heldLength = 0;
    }
}
