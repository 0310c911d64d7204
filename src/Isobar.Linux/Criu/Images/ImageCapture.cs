using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Threading.Channels;
using Isobar.Linux.Criu.Rpc;
using Isobar.Linux.Kernel;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Criu.Images;

/// <summary>
/// Plays CRIU's image streamer at a dump (criu/img-streamer.c): CRIU connects to streamer-capture.sock and sends, for each image, its name
/// ([u32 size][protobuf]) and then the read end of a pipe with one byte. One thread polls all open pipes and fills buffers; a channel
/// carries them to the sink, so that reading and sending overlap.
/// </summary>
internal sealed unsafe class ImageCapture : IDisposable
{
    private const string SocketName = "streamer-capture.sock";

    // Four of a megabyte: enough to overlap, little enough to stay in the cache's reach and small in a supervisor.
    private const int BufferCount = 4;

    private readonly SafeFileHandle _directory;
    private readonly SafeFileHandle _listener;
    private readonly KernelPipe _wake = KernelPipe.Create();
    private readonly KernelPipe _finished = KernelPipe.Create();
    private readonly BlockingCollection<byte[]> _free = [];
    private readonly Channel<ImageChunk> _chunks = Channel.CreateUnbounded<ImageChunk>(new() { SingleReader = true, SingleWriter = true });
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Dictionary<int, (SafeFileHandle Pipe, int Image)> _open = [];
    private readonly CancellationTokenSource _abort = new();
    private readonly Thread _thread;
    private SafeFileHandle? _connection;
    private bool _connectionEnded;
    private int _images;
    private long _bytes;
    private bool _draining;

    /// <param name="directory">Where CRIU looks for the socket; to be kept open as long as this.</param>
    public ImageCapture(SafeFileHandle directory)
    {
        // By descriptor, since the address of a socket has room for 107 bytes only.
        _directory = directory;
        File.Delete(SocketPath);
        _listener = SocketNative.Listen(SocketPath);
        for (var i = 0; i < BufferCount; i++)
            _free.Add(GC.AllocateUninitializedArray<byte>(ImageChunk.HeaderRoom + ImageChunk.MaxData));
        _thread = new Thread(Run, 256 * 1024) { IsBackground = true, Name = "isobar-images" };
        _thread.Start();
    }

    /// <summary>Steps of the stream in order; ends when drained or aborted.</summary>
    public ChannelReader<ImageChunk> Chunks => _chunks.Reader;

    /// <summary>Image bytes read so far.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>A byte written here says that CRIU has written and closed all images (it is at its post-dump point).</summary>
    public SafeFileHandle Finished => _finished.WriteEnd;

    /// <summary>Completes when that byte has come and all images have been read to their ends; fails when the capture was given up.</summary>
    public Task Drained => _drained.Task;

    /// <summary>Closes everything: CRIU gets EPIPE at its next write, gives up and lets the tasks run on, which killing it would not.</summary>
    public void Abort()
    {
        _abort.Cancel();
        Wake();
    }

    public void Dispose()
    {
        Abort();
        _thread.Join();
        File.Delete(SocketPath);
        _wake.Dispose();
        _finished.Dispose();
        _free.Dispose();
        _abort.Dispose();
    }

    private string SocketPath => $"/proc/self/fd/{FileDescriptor.Number(_directory)}/{SocketName}";

    private void Wake()
    {
        byte one = 1;
        _ = LibC.Write(FileDescriptor.Number(_wake.WriteEnd), &one, 1);
    }

    private void Run()
    {
        Exception? failure = null;
        try
        {
            Pump();
        }
        catch (OperationCanceledException)
        {
            failure = new OperationCanceledException("The capture of the images was given up.");
        }
        catch (Exception e) when (e is IOException or CriuException)
        {
            failure = e;
        }

        foreach (var (pipe, _) in _open.Values)
            pipe.Dispose();
        _connection?.Dispose();
        _listener.Dispose();
        _chunks.Writer.TryComplete(failure);
        if (failure is null)
            _drained.TrySetResult();
        else
            _drained.TrySetException(failure);
    }

    private void Pump()
    {
        var polled = new List<PollFd>();
        while (true)
        {
            // What CRIU sent before its post-dump point is seen by the first poll after it.
            var draining = _draining;
            polled.Clear();
            polled.Add(new PollFd { Fd = FileDescriptor.Number(_wake.ReadEnd), Events = PollFd.In });
            polled.Add(new PollFd { Fd = _connectionEnded ? -1 : FileDescriptor.Number(_connection ?? _listener), Events = PollFd.In });
            polled.Add(new PollFd { Fd = draining ? -1 : FileDescriptor.Number(_finished.ReadEnd), Events = PollFd.In });
            foreach (var fd in _open.Keys)
                polled.Add(new PollFd { Fd = fd, Events = PollFd.In });
            Poll(polled, draining && _open.Count == 0 ? 0 : -1);
            _abort.Token.ThrowIfCancellationRequested();

            var busy = false;
            _draining |= polled[2].Returned != 0;
            if (polled[1].Returned != 0)
                busy = TakeImage();
            for (var i = 3; i < polled.Count; i++)
            {
                if (polled[i].Returned == 0)
                    continue;
                busy = true;
                ReadImage(polled[i].Fd);
            }

            if (draining && !busy && _open.Count == 0)
                return;
        }
    }

    private static void Poll(List<PollFd> polled, int timeout)
    {
        fixed (PollFd* start = CollectionsMarshal.AsSpan(polled))
        {
            if (LibC.Poll(start, (nuint)polled.Count, timeout) < 0 && Marshal.GetLastPInvokeError() != Errno.Interrupted)
                throw KernelException.Last("wait for images");
        }
    }

    // True when there was something to take. CRIU sends name and pipe in one go, so that reading them may block.
    private bool TakeImage()
    {
        if (_connection is null)
        {
            _connection = SocketNative.Accept(_listener);
            return true;
        }

        Span<byte> header = stackalloc byte[4];
        if (!Fill(header))
        {
            // CRIU has closed the stream (it does so after the post-dump point, or when it fails).
            _connectionEnded = true;
            return false;
        }

        var size = BinaryPrimitives.ReadUInt32LittleEndian(header);
        Span<byte> message = stackalloc byte[512];
        if (size > message.Length || !Fill(message[..(int)size]))
            throw new CriuException("CRIU sent an image request that cannot be understood; use a CRIU between 4.2 and 4.x.");
        var reader = new ProtoReader(message[..(int)size]);
        if (!reader.Next() || reader.Field != 1 || !ImageNames.IsValid(reader.Text))
            throw new CriuException("CRIU sent an image without a proper name; use a CRIU between 4.2 and 4.x.");
        var name = reader.Text;
        SocketNative.Receive(_connection, message[..1], out var pipe);
        if (pipe is null)
            throw new CriuException("CRIU sent an image without its pipe; use a CRIU between 4.2 and 4.x.");
        KernelPipe.Widen(pipe);
        _open.Add(FileDescriptor.Number(pipe), (pipe, _images));
        _chunks.Writer.TryWrite(new ImageChunk(ImageEvent.Begin, _images++, name, [], 0, null));
        return true;
    }

    private bool Fill(Span<byte> target)
    {
        while (!target.IsEmpty)
        {
            var count = SocketNative.Receive(_connection!, target, out var unexpected);
            unexpected?.Dispose();
            if (count == 0)
                return false;
            target = target[count..];
        }

        return true;
    }

    private void ReadImage(int fd)
    {
        var buffer = _free.Take(_abort.Token);
        nint count;
        fixed (byte* start = buffer)
        {
            do
            {
                count = LibC.Read(fd, start + ImageChunk.HeaderRoom, ImageChunk.MaxData);
            }
            while (count < 0 && Marshal.GetLastPInvokeError() == Errno.Interrupted);
        }

        if (count < 0)
            throw KernelException.Last("read an image of CRIU");
        var (pipe, image) = _open[fd];
        if (count > 0)
        {
            Interlocked.Add(ref _bytes, count);
            _chunks.Writer.TryWrite(new ImageChunk(ImageEvent.Data, image, null, buffer, (int)count, GiveBack));
            return;
        }

        GiveBack(buffer);
        _open.Remove(fd);
        pipe.Dispose();
        _chunks.Writer.TryWrite(new ImageChunk(ImageEvent.End, image, null, [], 0, null));
    }

    private void GiveBack(byte[] buffer)
    {
        try
        {
            _free.Add(buffer);
        }
        catch (ObjectDisposedException)
        {
            // The dump is over; the buffer goes with it.
        }
    }
}
