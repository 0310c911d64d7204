namespace Isobar.Linux.Tests.Fuse;

/// <summary>A connection that a test can silence: nothing arrives any more, and nothing tells that it is dead.</summary>
internal sealed class SilentStream(Stream inner) : Stream
{
    private readonly ManualResetEventSlim _disposed = new();
    private volatile bool _silent;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public void Silence() => _silent = true;

    public override int Read(Span<byte> buffer)
    {
        var read = inner.Read(buffer);
        if (!_silent)
            return read;
        _disposed.Wait();
        throw new IOException("The connection was given up.");
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (!_silent)
            inner.Write(buffer);
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush() => inner.Flush();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        _disposed.Set();
        inner.Dispose();
        base.Dispose(disposing);
    }
}
