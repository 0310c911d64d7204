using System.Runtime.InteropServices;
using Isobar.Linux.Kernel;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Pipes;

/// <summary>
/// A descriptor that other processes share with us (a shell's terminal, a pipe between programs), so that it must stay blocking: we wait for readiness first,
/// and where that cannot be had (regular files) the call does not block for long.
/// </summary>
#pragma warning disable CA1001 // The handle does not own the descriptor.
public sealed class BlockingDescriptor(int fd)
#pragma warning restore CA1001
{
    // PIPE_BUF: a pipe that is writable takes so much without blocking (pipe(7)).
    private const int Atomic = 4096;
    private readonly SafeFileHandle _handle = new(fd, ownsHandle: false);
    private bool _cannotWait;

    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        await ReadyAsync(forReading: true, cancellationToken).ConfigureAwait(false);
        return Read(buffer.Span);
    }

    /// <summary>Writes some; -1 when nobody can read any more.</summary>
    public async ValueTask<int> WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        await ReadyAsync(forReading: false, cancellationToken).ConfigureAwait(false);
        return Write(_cannotWait ? bytes.Span : bytes.Span[..Math.Min(bytes.Length, Atomic)]);
    }

    private async ValueTask ReadyAsync(bool forReading, CancellationToken cancellationToken)
    {
        if (_cannotWait)
            return;
        try
        {
            if (forReading)
                await Readiness.Shared.ReadableAsync(_handle, cancellationToken).ConfigureAwait(false);
            else
                await Readiness.Shared.WritableAsync(_handle, cancellationToken).ConfigureAwait(false);
        }
        catch (KernelException e) when (e.ErrorNumber == Errno.NotPermitted)
        {
            // epoll(7) does not know regular files: they are always ready.
            _cannotWait = true;
        }
    }

    private unsafe int Read(Span<byte> buffer)
    {
        while (true)
        {
            nint read;
            fixed (byte* bytes = buffer)
                read = LibC.Read(fd, bytes, buffer.Length);
            if (read >= 0)
                return (int)read;
            var error = Marshal.GetLastPInvokeError();
            if (error is Errno.Interrupted or Errno.TryAgain)
                continue;
            // A terminal that was hung up, or that we may not read from in the background.
            return 0;
        }
    }

    private unsafe int Write(ReadOnlySpan<byte> bytes)
    {
        while (true)
        {
            nint written;
            fixed (byte* pointer = bytes)
                written = LibC.Write(fd, pointer, bytes.Length);
            if (written >= 0)
                return (int)written;
            var error = Marshal.GetLastPInvokeError();
            if (error is Errno.Interrupted or Errno.TryAgain)
                continue;
            return error is Errno.BrokenPipe or Errno.InputOutput ? -1 : throw new KernelException("write the job's output", null, error);
        }
    }
}
