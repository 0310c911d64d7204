using System.Net.Sockets;
using System.Runtime.InteropServices;
using Isobar.Linux.Fuse.Native;
using Isobar.Linux.Threads;

namespace Isobar.Linux.Fuse;

/// <summary>
/// A connected socket whose synchronous calls wait in the kernel. .NET turns a socket non-blocking at its first asynchronous operation for ever; from then on a synchronous
/// read waits for the runtime's event thread to wake it, one more switch of threads for each message. Put this below TLS for a
/// <see cref="FileViewServer"/> or <see cref="FileViewMount"/>, whose threads do nothing but wait.
/// </summary>
/// <remarks>Asynchronous calls occupy a thread each while they wait: they are for a handshake, not for transfers.</remarks>
public sealed class BlockingSocketStream : Stream
{
    private readonly Socket _socket;
    private readonly int _patience;
    private int _disposed;

    /// <summary>Takes a connection over; the socket is disposed with the stream.</summary>
    /// <param name="socket">A connected stream socket; best one on which no asynchronous operation was done.</param>
    /// <param name="patience">How long the other side may be silent when something is awaited of it; null = as long as the connection stands.</param>
    public BlockingSocketStream(Socket socket, TimeSpan? patience = null)
    {
        ArgumentNullException.ThrowIfNull(socket);
        _socket = socket;
        _patience = patience is { } most ? (int)most.TotalMilliseconds : -1;
        // Only a wait by poll can be given up.
        if (patience is not null)
            socket.Blocking = false;
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

    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty)
            return 0;
        while (true)
        {
            var received = SocketCalls.Receive(_socket.SafeHandle, ref MemoryMarshal.GetReference(buffer), buffer.Length, 0);
            if (received >= 0)
                return (int)received;
            Wait(Marshal.GetLastPInvokeError(), SocketCalls.Readable);
        }
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            var sent = SocketCalls.Send(_socket.SafeHandle, MemoryMarshal.GetReference(buffer), buffer.Length, SocketCalls.NoSignal);
            if (sent >= 0)
                buffer = buffer[(int)sent..];
            else
                Wait(Marshal.GetLastPInvokeError(), SocketCalls.Writable);
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // A wait in the kernel can only be cancelled by the end of the connection, as for every handshake that takes too long.
        await using var cut = cancellationToken.Register(Dispose);
        return await WaitingThreads.RunAsync("connection", () => Read(buffer.Span)).ConfigureAwait(false);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await using var cut = cancellationToken.Register(Dispose);
        await WaitingThreads.RunAsync("connection", () => Write(buffer.Span)).ConfigureAwait(false);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing && Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            // Wakes whoever waits; the descriptor itself is closed when the last call on it has returned.
            try
            {
                _socket.Shutdown(SocketShutdown.Both);
            }
            catch (SocketException)
            {
                // The other side was first.
            }

            _socket.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Wait(int error, short wanted)
    {
        if (error == Errno.Interrupted)
            return;
        if (error != Errno.Again)
            throw new IOException($"The connection broke: error {error}.");
        var handle = _socket.SafeHandle;
        var held = false;
        try
        {
            handle.DangerousAddRef(ref held);
            var descriptor = new PollDescriptor { Descriptor = (int)handle.DangerousGetHandle(), Wanted = wanted };
            if (SocketCalls.Poll(ref descriptor, 1, _patience) == 0)
                throw new IOException($"The other side was silent for {_patience} ms.");
        }
        finally
        {
            if (held)
                handle.DangerousRelease();
        }
    }
}
