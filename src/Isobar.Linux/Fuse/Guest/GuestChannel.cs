using System.Buffers;
using System.Runtime.InteropServices;
using Isobar.Linux.Fuse.Protocol;
using Isobar.Linux.Fuse.Wire;

namespace Isobar.Linux.Fuse.Guest;

/// <summary>
/// One of the two streams of requests to home, over all connections that carry it. A thread that has a request sends it itself; one that finds another sending leaves it
/// its request, so that nobody waits for a full connection and small requests share a record of TLS.
/// </summary>
internal sealed class GuestChannel : IDisposable
{
    private const int SmallReply = 16 * 1024;

    private readonly KernelDevice _device;
    private readonly TransferBuffers _buffers;
    private readonly EarlyWrites _earlyWrites;
    private readonly SpaceReplies _space;
    private readonly object _gate = new();
    private readonly RequestLedger _ledger;
    private readonly OutgoingMessages _outgoing;
    private byte[] _reply = new byte[SmallReply];
    private Stream? _stream;
    private bool _sending;
    private bool _closed;
    private ulong _lastOrdered;
    private int _unattendedInFlight;
    private long _unattended;
    private long _heard;
    private long _bytesRead;
    private long _bytesWritten;

    public GuestChannel(KernelDevice device, TransferBuffers buffers, EarlyWrites earlyWrites, SpaceReplies space)
    {
        (_device, _buffers, _earlyWrites, _space) = (device, buffers, earlyWrites, space);
        _ledger = new RequestLedger();
        _outgoing = new OutgoingMessages(_ledger);
    }

    public long BytesRead => Interlocked.Read(ref _bytesRead);

    public long BytesWritten => Interlocked.Read(ref _bytesWritten);

    /// <summary>Counts what came from home; when it stands still, home is silent.</summary>
    public long Heard => Interlocked.Read(ref _heard);

    public int InFlight
    {
        get
        {
            lock (_gate)
                return _ledger.Awaited;
        }
    }

    /// <summary>The last request that the kernel takes for done before home has confirmed it.</summary>
    public ulong LastOrdered => Volatile.Read(ref _lastOrdered);

    /// <summary>Writes that came from the kernel so far and that no system call waits for: of mapped pages, and early ones.</summary>
    public long UnattendedWrites
    {
        get
        {
            lock (_gate)
                return _unattended;
        }
    }

    /// <summary>Those that home has not confirmed.</summary>
    public int UnattendedInFlight
    {
        get
        {
            lock (_gate)
                return _unattendedInFlight;
        }
    }

    /// <summary>Waits until home has confirmed all of them, or the channel is closed.</summary>
    public void WaitForUnattended()
    {
        lock (_gate)
        {
            while (_unattendedInFlight > 0 && !_closed)
                Monitor.Wait(_gate);
        }
    }

    /// <summary>Nothing will be answered any more.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Takes over a request; it is sent now, or by whoever is sending, or when there is a connection again.</summary>
    /// <param name="request">The request.</param>
    /// <param name="after">The last ordered request of the other channel.</param>
    public void Submit(PendingRequest request, ulong after = 0)
    {
        request.After = after;
        Stream? stream = null;
        lock (_gate)
        {
            _ledger.Add(request);
            if (request.IsUnattended)
            {
                _unattended++;
                _unattendedInFlight++;
            }

            if (request.Early is not null)
                Volatile.Write(ref _lastOrdered, request.Sequence);
            if (_stream is not null)
                _outgoing.Add(request);
            if (_stream is not null && !_sending)
            {
                _sending = true;
                stream = _stream;
            }
        }

        // Not before it has its place in the order, and not later than needed.
        if (request.Early is { } early)
            _earlyWrites.Answer(request.Unique, early);
        if (stream is not null)
            Drain(stream);
    }

    /// <summary>Asks home for a sign of life. May wait for the connection.</summary>
    public void AskForSign()
    {
        Stream stream;
        lock (_gate)
        {
            _outgoing.AskForSign();
            if (_sending || _stream is null)
                return;
            _sending = true;
            stream = _stream;
        }

        Drain(stream);
    }

    /// <summary>Begins with a new connection: sends everything that home has not answered, leaving out what it need not see twice.</summary>
    public void Attach(Stream stream, ulong received)
    {
        lock (_gate)
        {
            while (_sending)
                Monitor.Wait(_gate);
            _ledger.Received(received);
            _outgoing.Restart();
            _stream = stream;
            _sending = true;
        }

        Drain(stream);
    }

    /// <summary>Ends a connection; requests wait for the next.</summary>
    public void Detach(Stream stream)
    {
        lock (_gate)
        {
            if (_stream == stream)
                _stream = null;
        }

        stream.Dispose();
    }

    /// <summary>After the last connection has ended.</summary>
    public void Dispose()
    {
        if (_reply.Length > SmallReply)
            ArrayPool<byte>.Shared.Return(_reply);
        _reply = [];
    }

    /// <summary>Cuts the present connection, if any.</summary>
    public void Cut()
    {
        Stream? stream;
        lock (_gate)
            stream = _stream;
        stream?.Dispose();
    }

    /// <summary>Hands replies to the kernel until the connection ends, which is told by an exception.</summary>
    /// <exception cref="IOException">The connection has ended.</exception>
    public void Receive(Stream stream)
    {
        while (true)
        {
            var frame = StreamStructs.Read<ReplyFrame>(stream);
            if (frame.Length is < ReplyFrame.Size or > FrameLimits.Reply)
                throw new IOException("The home sent a message of an impossible length.");
            // Metadata alone never needs the largest size.
            var length = (int)frame.Length - ReplyFrame.Size;
            if (length > _reply.Length)
                _reply = ArrayPool<byte>.Shared.Rent(FrameLimits.Reply);
            var reply = _reply.AsSpan(0, length);
            stream.ReadExactly(reply);
            Interlocked.Increment(ref _heard);
            PendingRequest? request;
            lock (_gate)
            {
                _ledger.Received(frame.Received);
                request = frame.Sequence == 0 ? null : _ledger.Answered(frame.Sequence);
                if (request is { IsWriting: false })
                    Recycle(request);
            }

            if (request is null)
                continue;
            Deliver(request, frame.Flags, reply);
            if (request.IsUnattended)
                Confirmed();
        }
    }

    /// <summary>After the reply is with the kernel, which then may queue what it has held back.</summary>
    private void Confirmed()
    {
        lock (_gate)
        {
            if (--_unattendedInFlight == 0)
                Monitor.PulseAll(_gate);
        }
    }

    private void Deliver(PendingRequest request, ReplyFlags flags, ReadOnlySpan<byte> reply)
    {
        if (request.Early is { } early)
        {
            Interlocked.Add(ref _bytesWritten, early.Size);
            _earlyWrites.Confirm(early, reply);
            return;
        }

        if (!MemoryMarshal.TryRead(reply, out FuseReplyHeader header) || header.Length != reply.Length || header.Unique != request.Unique)
        {
            _device.Answer(request.Unique, -Native.Errno.Io);
            return;
        }

        if (request.Opcode == FuseOpcode.Read)
            Interlocked.Add(ref _bytesRead, reply.Length - FuseReplyHeader.Size);
        else if (request.Opcode == FuseOpcode.Write)
            Interlocked.Add(ref _bytesWritten, request.Length - RequestFrame.Size - FuseRequestHeader.Size - Marshal.SizeOf<FuseTransferRequest>());
        else if (request.Opcode == FuseOpcode.StatFs)
            _space.Remember(request.NodeId, reply);
        if (flags.HasFlag(ReplyFlags.DropAttributes))
            _device.DropAttributes(request.NodeId);
        _device.Write(reply);
    }

    /// <summary>Sends until nothing is left; called by the one thread that has set <see cref="_sending"/>.</summary>
    private void Drain(Stream stream)
    {
        while (true)
        {
            PendingRequest? large;
            int batched;
            lock (_gate)
            {
                batched = _stream == stream ? _outgoing.Fill(out large) : Nothing(out large);
                if (batched == 0 && large is null)
                {
                    _sending = false;
                    Monitor.PulseAll(_gate);
                    return;
                }
            }

            try
            {
                stream.Write(large is null ? _outgoing.Batch(batched) : large.Message);
                stream.Flush();
            }
            catch (Exception failure) when (failure is IOException or ObjectDisposedException or InvalidOperationException)
            {
                Detach(stream);
            }

            if (large is not null)
                Written(large);
        }
    }

    private static int Nothing(out PendingRequest? large)
    {
        large = null;
        return 0;
    }

    private void Written(PendingRequest large)
    {
        lock (_gate)
        {
            large.IsWriting = false;
            if (large.IsDone)
                Recycle(large);
        }
    }

    private void Recycle(PendingRequest request)
    {
        if (request.IsPooled)
            _buffers.Return(request.Buffer);
    }
}
