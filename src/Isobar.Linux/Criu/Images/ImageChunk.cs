namespace Isobar.Linux.Criu.Images;

/// <summary>What happened to an image: it was opened, got data, was closed.</summary>
public enum ImageEvent
{
    Begin,
    Data,
    End,
}

/// <summary>
/// One step of a dump's image stream. Several images are open at a time; the number tells them apart.
/// Whoever takes a chunk disposes it, which gives its buffer back.
/// </summary>
public sealed class ImageChunk : IDisposable
{
    /// <summary>Bytes left free before the data, so that a sink can put a header there and write both at once.</summary>
    public const int HeaderRoom = 16;

    /// <summary>Most data bytes in one chunk: what the widest pipe holds.</summary>
    public const int MaxData = 1 << 20;

    private Action<byte[]>? _giveBack;

    internal ImageChunk(ImageEvent kind, int image, string? name, byte[] buffer, int length, Action<byte[]>? giveBack)
    {
        Kind = kind;
        Image = image;
        Name = name;
        Buffer = buffer;
        Length = length;
        _giveBack = giveBack;
    }

    public ImageEvent Kind { get; }

    /// <summary>Counted from 0 in the order of opening.</summary>
    public int Image { get; }

    /// <summary>The image's file name, with <see cref="ImageEvent.Begin"/> only.</summary>
    public string? Name { get; }

    /// <summary>Number of data bytes.</summary>
    public int Length { get; }

    public ReadOnlyMemory<byte> Data => Buffer.AsMemory(HeaderRoom, Length);

    /// <summary>Header room and data together, for the sink to write into.</summary>
    public Memory<byte> HeaderAndData => Buffer.AsMemory(0, HeaderRoom + Length);

    private byte[] Buffer { get; }

    public void Dispose() => Interlocked.Exchange(ref _giveBack, null)?.Invoke(Buffer);
}

/// <summary>Takes the images of a dump as they are made.</summary>
public interface IImageSink
{
    /// <summary>Called for one chunk after the other. The chunk belongs to the caller again when the task ends.</summary>
    ValueTask WriteAsync(ImageChunk chunk, CancellationToken cancellationToken);

    /// <summary>Nothing is waiting right now: send what is held back.</summary>
    ValueTask FlushAsync(CancellationToken cancellationToken);

    /// <summary>All images are complete; called while the tasks are frozen, before the frozen point.</summary>
    ValueTask CompleteAsync(CancellationToken cancellationToken);
}
