using System.IO.Pipelines;

namespace Isobar.Protocol.Tests.Links;

/// <summary>Two ends of a transport in memory that can be cut in the middle of a frame.</summary>
internal sealed class CutStream : Stream
{
    private readonly Stream _read;
    private readonly Stream _write;
    private readonly TaskCompletionSource _cut = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isHeld;
    private long _bytesUntilCut;

    private CutStream(Stream read, Stream write, long bytesUntilCut)
    {
        _read = read;
        _write = write;
        _bytesUntilCut = bytesUntilCut;
    }

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>A transport that breaks after so many bytes were written at the first end.</summary>
    public static (CutStream One, CutStream Other) Pair(long bytesUntilCut)
    {
        var there = new Pipe();
        var back = new Pipe();
        return (new CutStream(back.Reader.AsStream(), there.Writer.AsStream(), bytesUntilCut),
            new CutStream(there.Reader.AsStream(), back.Writer.AsStream(), long.MaxValue));
    }

    /// <summary>From now on writing fails here, and what the other end has written is read some time after that only.</summary>
    public void FailWritesBeforeReads()
    {
        _isHeld = true;
        Interlocked.Exchange(ref _bytesUntilCut, 0);
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var part = (int)Math.Min(buffer.Length, Math.Max(0, _bytesUntilCut));
        _bytesUntilCut -= part;
        await _write.WriteAsync(buffer[..part], cancellationToken);
        if (part < buffer.Length)
        {
            await _write.FlushAsync(cancellationToken);
            _cut.TrySetResult();
            throw new IOException("cut");
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_isHeld)
        {
            await _cut.Task.WaitAsync(cancellationToken);
            await Task.Delay(50, cancellationToken);
        }

        return await _read.ReadAsync(buffer, cancellationToken);
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => _write.FlushAsync(cancellationToken);

    public override void Flush() => _write.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        _read.Dispose();
        _write.Dispose();
        base.Dispose(disposing);
    }
}
