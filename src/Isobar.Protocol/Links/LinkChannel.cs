namespace Isobar.Protocol.Links;

/// <summary>
/// One reliable, flow-controlled byte stream in each direction of a <see cref="ResumableLink"/>. A byte written is delivered once and in order, however
/// often the transport below is replaced.
/// </summary>
public sealed class LinkChannel
{
    private readonly ResumableLink _link;
    private readonly ByteRing _outgoing;
    private readonly ByteRing _incoming;
    private long _nextToSend;
    private bool _eofWritten;
    private bool _eofSent;
    private bool _eofReceived;
    private long _acknowledged;
    private TaskCompletionSource? _room;
    private TaskCompletionSource? _arrival;
    private TaskCompletionSource? _drained;
    private TaskCompletionSource? _arrivedForWatcher;

    internal LinkChannel(ResumableLink link, int window)
    {
        _link = link;
        _outgoing = new ByteRing(window);
        _incoming = new ByteRing(window);
    }

    /// <summary>Bytes that this side wrote since the beginning.</summary>
    public long Written
    {
        get
        {
            lock (_link.Gate)
                return _outgoing.End;
        }
    }

    /// <summary>Bytes that arrived since the beginning, whether or not they were read yet.</summary>
    public long Received
    {
        get
        {
            lock (_link.Gate)
                return _incoming.End;
        }
    }

    /// <summary>Bytes that arrived and were read by this side.</summary>
    public long Consumed
    {
        get
        {
            lock (_link.Gate)
                return _incoming.Start;
        }
    }

    /// <summary>Writes all bytes; waits while the other side is a whole window behind. Cancelled in between, a part may have been written.</summary>
    /// <exception cref="LinkClosedException">The link was closed for good.</exception>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default)
    {
        while (bytes.Length > 0)
            bytes = bytes[await WriteSomeAsync(bytes, cancellationToken).ConfigureAwait(false)..];
    }

    /// <summary>Writes as much as the window allows, at least one byte, and returns how much that was. Cancelled, it has written nothing.</summary>
    /// <exception cref="LinkClosedException">The link was closed for good.</exception>
    public async ValueTask<int> WriteSomeAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            Task room;
            lock (_link.Gate)
            {
                _link.ThrowIfClosed();
                if (_eofWritten)
                    throw new InvalidOperationException("The channel was completed.");
                var taken = _outgoing.Append(bytes.Span);
                if (taken > 0 || bytes.Length == 0)
                {
                    _link.Wake();
                    return taken;
                }

                _room ??= NewSignal();
                room = _room.Task;
            }

            await room.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Completes when at least so many bytes have arrived, or the link is closed.</summary>
    public async Task ReceivedAtLeastAsync(long total, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task arrival;
            lock (_link.Gate)
            {
                if (_incoming.End >= total)
                    return;
                _link.ThrowIfClosed();
                _arrivedForWatcher ??= NewSignal();
                arrival = _arrivedForWatcher.Task;
            }

            await arrival.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Says that nothing more will be written.</summary>
    public void Complete()
    {
        lock (_link.Gate)
        {
            _eofWritten = true;
            _link.Wake();
        }
    }

    /// <summary>Reads what has arrived, at least one byte; 0 means that the other side completed the channel.</summary>
    /// <exception cref="LinkClosedException">The link was closed for good and nothing is left to read.</exception>
    public async ValueTask<int> ReadAsync(Memory<byte> target, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            Task arrival;
            lock (_link.Gate)
            {
                if (_incoming.Count > 0)
                {
                    var length = _incoming.Peek(_incoming.Start, target.Span);
                    _incoming.DropTo(_incoming.Start + length);
                    _link.Wake();
                    return length;
                }

                if (_eofReceived)
                    return 0;
                _link.ThrowIfClosed();
                _arrival ??= NewSignal();
                arrival = _arrival.Task;
            }

            await arrival.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Waits until everything written was consumed at the other side.</summary>
    public async Task DrainAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            Task drained;
            lock (_link.Gate)
            {
                if (_outgoing.Count == 0)
                    return;
                _link.ThrowIfClosed();
                _drained ??= NewSignal();
                drained = _drained.Task;
            }

            await drained.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// The bytes written from stream offset <paramref name="from"/> on that the other side had not consumed: what has to be written again to another one
    /// after the reader has moved.
    /// </summary>
    public byte[] Unconsumed(long from)
    {
        lock (_link.Gate)
        {
            var bytes = new byte[_outgoing.End - from];
            _outgoing.Peek(from, bytes);
            return bytes;
        }
    }

    internal void Resume(long receivedByPeer)
    {
        _outgoing.Peek(receivedByPeer, []);
        _nextToSend = receivedByPeer;
        _eofSent = false;
    }

    /// <summary>Fills <paramref name="frame"/> with the next frame to send; 0 when there is none.</summary>
    internal int NextFrame(byte number, Span<byte> frame)
    {
        if (_acknowledged != _incoming.Start)
        {
            _acknowledged = _incoming.Start;
            return LinkFrame.Write(frame, LinkFrameKind.Acknowledge, number, _acknowledged, 0);
        }

        if (_nextToSend < _outgoing.End)
        {
            var length = _outgoing.Peek(_nextToSend, frame[LinkFrame.HeaderLength..]);
            LinkFrame.Write(frame, LinkFrameKind.Data, number, _nextToSend, length);
            _nextToSend += length;
            return LinkFrame.HeaderLength + length;
        }

        if (!_eofWritten || _eofSent)
            return 0;
        _eofSent = true;
        return LinkFrame.Write(frame, LinkFrameKind.End, number, _outgoing.End, 0);
    }

    internal void OnAcknowledge(long consumedByPeer)
    {
        // After a resume an old acknowledgement may come twice; it never goes back.
        if (consumedByPeer <= _outgoing.Start)
            return;
        _outgoing.DropTo(consumedByPeer);
        Raise(ref _room);
        if (_outgoing.Count == 0)
            Raise(ref _drained);
    }

    internal void OnData(long offset, ReadOnlySpan<byte> bytes)
    {
        var known = _incoming.End - offset;
        if (known < 0)
            throw new InvalidDataException($"A link lost {-known} bytes.");
        if (known >= bytes.Length)
            return;
        if (_incoming.Append(bytes[(int)known..]) != bytes.Length - known)
            throw new InvalidDataException("The other side of a link wrote more than the window allows.");
        Raise(ref _arrival);
        Raise(ref _arrivedForWatcher);
    }

    internal void OnEnd()
    {
        _eofReceived = true;
        Raise(ref _arrival);
    }

    internal void OnClosed()
    {
        Raise(ref _room);
        Raise(ref _arrival);
        Raise(ref _drained);
        Raise(ref _arrivedForWatcher);
    }

    internal void ForgetAcknowledgement() => _acknowledged = -1;

    internal long ReceivedUnderLock => _incoming.End;

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static void Raise(ref TaskCompletionSource? signal)
    {
        signal?.TrySetResult();
        signal = null;
    }
}
