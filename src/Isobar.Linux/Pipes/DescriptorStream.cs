using System.Runtime.InteropServices;
using Isobar.Linux.Kernel;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Pipes;

/// <summary>Reading and writing our end of a job's pipe or terminal without blocking a thread.</summary>
/// <remarks>Non-blocking is a property of the open file: the other end, which the job holds, is another open file and stays as it is.</remarks>
public sealed class DescriptorStream : IDisposable
{
    private const int GetFlags = 3;
    private const int SetFlags = 4;

    public DescriptorStream(SafeFileHandle handle)
    {
        Handle = handle;
        var fd = FileDescriptor.Number(handle);
        _ = LibC.Fcntl(fd, SetFlags, LibC.Fcntl(fd, GetFlags, 0) | LibC.OpenNonBlocking);
    }

    public SafeFileHandle Handle { get; }

    /// <summary>Reads what is there, waiting for at least one byte; 0 at the end (all writers, or the terminal's slaves, are closed).</summary>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = TryRead(buffer.Span);
            if (read >= 0)
                return read;
            await Readiness.Shared.ReadableAsync(Handle, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Reads what is there: -1 when that is nothing, 0 at the end.</summary>
    public unsafe int TryRead(Span<byte> buffer)
    {
        while (true)
        {
            ObjectDisposedException.ThrowIf(Handle.IsClosed, this);
            nint read;
            fixed (byte* bytes = buffer)
                read = LibC.Read(FileDescriptor.Number(Handle), bytes, buffer.Length);
            if (read >= 0)
                return (int)read;
            switch (Marshal.GetLastPInvokeError())
            {
                case Errno.Interrupted:
                    continue;
                case Errno.TryAgain:
                    return -1;
                // A pseudo-terminal's master says so when its last slave was closed.
                case Errno.InputOutput:
                    return 0;
                case var error:
                    throw new KernelException("read a job's output", null, error);
            }
        }
    }

    /// <summary>Writes some of the bytes, waiting for room; -1 when nobody can read them any more.</summary>
    public async ValueTask<int> WriteSomeAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (true)
        {
            var written = TryWrite(bytes.Span);
            if (written != 0)
                return written;
            await Readiness.Shared.WritableAsync(Handle, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Writes what fits: 0 when that is nothing, -1 when nobody can read any more.</summary>
    public unsafe int TryWrite(ReadOnlySpan<byte> bytes)
    {
        while (true)
        {
            ObjectDisposedException.ThrowIf(Handle.IsClosed, this);
            nint written;
            fixed (byte* pointer = bytes)
                written = LibC.Write(FileDescriptor.Number(Handle), pointer, bytes.Length);
            if (written >= 0)
                return (int)written;
            switch (Marshal.GetLastPInvokeError())
            {
                case Errno.Interrupted:
                    continue;
                case Errno.TryAgain:
                    return 0;
                case Errno.BrokenPipe or Errno.InputOutput:
                    return -1;
                case var error:
                    throw new KernelException("write a job's input", null, error);
            }
        }
    }

    public void Dispose() => Handle.Dispose();
}
