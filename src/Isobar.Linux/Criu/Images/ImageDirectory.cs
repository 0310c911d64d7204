using Isobar.Linux.Kernel;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Criu.Images;

/// <summary>Writes images as ordinary files, as CRIU's restore wants them, into a directory that should be on a tmpfs.</summary>
public sealed class ImageDirectory(string path) : IDisposable
{
    /// <summary>CRIU keeps a dozen images open at a time; this only bounds a stream that was made to hurt.</summary>
    private const int MostOpen = 1024;

    private readonly Dictionary<int, Image> _open = [];
    private long _bytes;

    public string Path { get; } = path;

    /// <summary>Image bytes written so far.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    public bool HasOpenImages => _open.Count > 0;

    /// <exception cref="CriuException">The name or number is not acceptable, or the file cannot be made.</exception>
    public void Begin(int image, string name)
    {
        if (!ImageNames.IsValid(name) || _open.Count >= MostOpen || _open.ContainsKey(image))
            throw new CriuException("The image stream is not well-formed; both machines should run the same version of Isobar.");
        try
        {
            _open.Add(image, new Image(name, File.OpenHandle(System.IO.Path.Combine(Path, name), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite)));
        }
        catch (IOException e)
        {
            throw Translate(e);
        }
    }

    public void Write(int image, ReadOnlySpan<byte> data)
    {
        if (!_open.TryGetValue(image, out var target))
            throw new CriuException("The image stream is not well-formed; both machines should run the same version of Isobar.");
        try
        {
            RandomAccess.Write(target.File, data, target.Length);
        }
        catch (IOException e)
        {
            throw Translate(e);
        }

        target.Length += data.Length;
        Interlocked.Add(ref _bytes, data.Length);
    }

    public void End(int image)
    {
        if (!_open.Remove(image, out var target))
            throw new CriuException("The image stream is not well-formed; both machines should run the same version of Isobar.");
        using var closing = target.File;
        if (target.Name == TimerfdRepair.ImageName)
            TimerfdRepair.Apply(target.File, target.Length);
    }

    public void Dispose()
    {
        foreach (var image in _open.Values)
            image.File.Dispose();
        _open.Clear();
    }

    private CriuException Translate(IOException e)
    {
        return Errno.IsOutOfSpace(e) || e.Message.Contains("No space", StringComparison.Ordinal)
            ? new CriuException($"The memory file system {Path} has no room for the job's memory; free memory or enlarge it.", null, e)
            : new CriuException($"An image of the job cannot be written to {Path} ({e.Message.TrimEnd('.')}).", null, e);
    }

    private sealed record Image(string Name, SafeFileHandle File)
    {
        public long Length { get; set; }
    }
}

/// <summary>Keeps the images of a dump on this machine.</summary>
public sealed class ImageDirectorySink(ImageDirectory directory) : IImageSink
{
    public ValueTask WriteAsync(ImageChunk chunk, CancellationToken cancellationToken)
    {
        switch (chunk.Kind)
        {
            case ImageEvent.Begin:
                directory.Begin(chunk.Image, chunk.Name!);
                break;
            case ImageEvent.Data:
                directory.Write(chunk.Image, chunk.Data.Span);
                break;
            case ImageEvent.End:
                directory.End(chunk.Image);
                break;
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask FlushAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public ValueTask CompleteAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;
}
