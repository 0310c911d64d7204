using System.Buffers;

namespace Isobar.Protocol.Links;

/// <summary>
/// Several reliable byte streams over one transport that may break and be replaced: after a cut, or a restart of what lies between, both sides tell what
/// has arrived and go on from there, so that nothing of a job's input and output is lost or doubled.
/// </summary>
/// <remarks>
/// A link knows nothing of what it carries. It also measures the lease: <see cref="SilentFor"/> is the time since anything at all was heard.
/// </remarks>
public sealed class ResumableLink
{
    private const int DefaultWindow = 256 * 1024;
    private static readonly TimeSpan AliveEvery = TimeSpan.FromSeconds(3);

    /// <summary>What was sent a moment ago is a sign of life as well.</summary>
    private static readonly TimeSpan SentIsAlive = TimeSpan.FromSeconds(1);

    /// <summary>A transport that is silent for so long is given up: TCP alone would notice a cut only after many minutes.</summary>
    private static readonly TimeSpan SilenceEndsTransport = TimeSpan.FromSeconds(7);

    private readonly LinkChannel[] _channels;
    private readonly TimeProvider _clock;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _wake = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _lastHeard;
    private long _lastTransport;
    private long _lastSent;
    private bool _isAliveDue;
    private bool _closing;
    private bool _closed;

    /// <param name="channels">How many channels, 1 to 16; the same at both sides.</param>
    /// <param name="clock">The clock of the lease; a clock that goes on while the machine sleeps is right.</param>
    public ResumableLink(int channels, TimeProvider clock)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(channels, 16);
        _clock = clock;
        _lastHeard = clock.GetTimestamp();
        _channels = new LinkChannel[channels];
        for (var i = 0; i < channels; i++)
            _channels[i] = new LinkChannel(this, DefaultWindow);
    }

    internal Lock Gate { get; } = new();

    /// <summary>
    /// The transport stays on this machine, where an end is always told: a side that is silent is stopped (Ctrl-Z) or the machine sleeps, and comes back. So neither side looks for signs
    /// of life, which would be most of what the supervisor of an idle job does.
    /// </summary>
    public bool IsLocal { get; init; }

    /// <summary>Completes when the link is closed for good; what was written before a <see cref="Close"/> has been handed to the transport then.</summary>
    public Task Closed => _ended.Task;

    /// <summary>How long nothing was heard from the other side; zero on one machine.</summary>
    public TimeSpan SilentFor => IsLocal ? TimeSpan.Zero : _clock.GetElapsedTime(Interlocked.Read(ref _lastHeard));

    /// <summary>Either side closed the link for good.</summary>
    public bool IsClosed
    {
        get
        {
            lock (Gate)
                return _closed;
        }
    }

    public LinkChannel this[int channel] => _channels[channel];

    /// <summary>
    /// Carries the link over one transport until that breaks (returns normally: call again with the next transport) or the link is closed for good
    /// (returns, and <see cref="IsClosed"/> is true).
    /// </summary>
    /// <exception cref="InvalidDataException">The other side breaks the protocol; the link is closed.</exception>
    public async Task RunAsync(Stream transport, CancellationToken cancellationToken = default)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var resumed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var receiving = ReceiveAsync(transport, resumed, ended.Token);
        var sending = SendAsync(transport, resumed.Task, ended.Token);
        var watching = WatchAsync(ended.Token);
        var first = await Task.WhenAny(receiving, sending, watching).ConfigureAwait(false);
        // The side that closes must still get its last frame out.
        if (first == receiving && IsClosing)
            await Task.WhenAny(sending, Task.Delay(1000, CancellationToken.None)).ConfigureAwait(false);
        // The side that can send no more, to a process that has ended, may not have read its last words yet, which are in the socket already. Between machines the next transport brings them.
        // And one that has closed hears the other out: what that is just sending would find nobody, and an exception is most of what the command of a short job would do.
        else if (IsLocal && first == sending)
            await Task.WhenAny(receiving, Task.Delay(1000, CancellationToken.None)).ConfigureAwait(false);
        await ended.CancelAsync().ConfigureAwait(false);
        try
        {
            await Task.WhenAll(receiving, sending, watching).ConfigureAwait(false);
        }
        catch (InvalidDataException)
        {
            CloseNow();
            throw;
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException or System.Net.Sockets.SocketException)
        {
            // A broken transport is not the end of the link.
        }
        finally
        {
            await transport.DisposeAsync().ConfigureAwait(false);
        }

        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>Closes the link for good after what was written has been handed to the transport.</summary>
    public void Close()
    {
        lock (Gate)
        {
            _closing = true;
            Wake();
        }
    }

    /// <summary>Closes the link at once; what was not sent is lost.</summary>
    public void CloseNow()
    {
        lock (Gate)
        {
            _closing = true;
            _closed = true;
            foreach (var channel in _channels)
                channel.OnClosed();
            Wake();
        }

        _ended.TrySetResult();
    }

    internal void ThrowIfClosed()
    {
        if (_closed)
            throw new LinkClosedException();
    }

    internal void Wake() => _wake.TrySetResult();

    private bool IsClosing
    {
        get
        {
            lock (Gate)
                return _closing;
        }
    }

    private async Task SendAsync(Stream transport, Task resumed, CancellationToken cancellationToken)
    {
        var frame = ArrayPool<byte>.Shared.Rent(LinkFrame.HeaderLength + LinkFrame.MaxPayload);
        try
        {
            await transport.WriteAsync(frame.AsMemory(0, WriteResumes(frame)), cancellationToken).ConfigureAwait(false);
            await transport.FlushAsync(cancellationToken).ConfigureAwait(false);
            await resumed.WaitAsync(cancellationToken).ConfigureAwait(false);
            while (true)
            {
                var (length, wake, closing) = NextFrame(frame.AsSpan(0, LinkFrame.HeaderLength + LinkFrame.MaxPayload));
                if (length > 0)
                {
                    await transport.WriteAsync(frame.AsMemory(0, length), cancellationToken).ConfigureAwait(false);
                    continue;
                }

                if (closing)
                {
                    await transport.WriteAsync(frame.AsMemory(0, LinkFrame.Write(frame, LinkFrameKind.Close, 0, 0, 0)), cancellationToken).ConfigureAwait(false);
                    await transport.FlushAsync(cancellationToken).ConfigureAwait(false);
                    CloseNow();
                    return;
                }

                await transport.FlushAsync(cancellationToken).ConfigureAwait(false);
                Interlocked.Exchange(ref _lastSent, _clock.GetTimestamp());
                await wake.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(frame);
        }
    }

    // One message: each on its own would be a packet and a record of TLS.
    private int WriteResumes(Span<byte> frames)
    {
        var length = 0;
        for (byte i = 0; i < _channels.Length; i++)
        {
            long received;
            lock (Gate)
                received = _channels[i].ReceivedUnderLock;
            length += LinkFrame.Write(frames[length..], LinkFrameKind.Resume, i, received, 0);
        }

        return length;
    }

    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        if (IsLocal)
            await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(false);
        Interlocked.Exchange(ref _lastTransport, _clock.GetTimestamp());
        while (true)
        {
            await Task.Delay(AliveEvery, _clock, cancellationToken).ConfigureAwait(false);
            var since = Math.Max(Interlocked.Read(ref _lastHeard), Interlocked.Read(ref _lastTransport));
            if (_clock.GetElapsedTime(since) > SilenceEndsTransport)
                return;
            if (_clock.GetElapsedTime(Interlocked.Read(ref _lastSent)) < SentIsAlive)
                continue;
            lock (Gate)
            {
                _isAliveDue = true;
                Wake();
            }
        }
    }

    private (int Length, Task Wake, bool Closing) NextFrame(Span<byte> frame)
    {
        lock (Gate)
        {
            if (_wake.Task.IsCompleted)
                _wake = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            for (byte i = 0; i < _channels.Length; i++)
            {
                // The last channels are the small, urgent ones (control): they go first.
                var number = (byte)(_channels.Length - 1 - i);
                var length = _channels[number].NextFrame(number, frame);
                if (length > 0)
                    return (length, _wake.Task, _closing);
            }

            if (!_isAliveDue)
                return (0, _wake.Task, _closing);
            _isAliveDue = false;
            return (LinkFrame.Write(frame, LinkFrameKind.Alive, 0, 0, 0), _wake.Task, _closing);
        }
    }

    private async Task ReceiveAsync(Stream transport, TaskCompletionSource resumed, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(LinkFrame.HeaderLength + LinkFrame.MaxPayload);
        try
        {
            for (var i = 0; i < _channels.Length; i++)
            {
                var frame = await ReadHeaderAsync(transport, buffer, cancellationToken).ConfigureAwait(false);
                if (frame.Kind != LinkFrameKind.Resume || frame.Channel != i || frame.Length != 0)
                    throw new InvalidDataException("A job's link did not open with what had arrived: the other side speaks another version of Isobar.");
                lock (Gate)
                {
                    _channels[i].Resume(frame.Offset);
                    _channels[i].ForgetAcknowledgement();
                }
            }

            resumed.TrySetResult();
            while (true)
            {
                var frame = await ReadHeaderAsync(transport, buffer, cancellationToken).ConfigureAwait(false);
                var payload = buffer.AsMemory(0, frame.Length);
                await transport.ReadExactlyAsync(payload, cancellationToken).ConfigureAwait(false);
                if (frame.Kind == LinkFrameKind.Close)
                {
                    CloseNow();
                    return;
                }

                lock (Gate)
                    Deliver(frame, payload.Span);
            }
        }
        finally
        {
            resumed.TrySetException(new EndOfStreamException());
            _ = resumed.Task.Exception;
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void Deliver(LinkFrame frame, ReadOnlySpan<byte> payload)
    {
        if (frame.Kind == LinkFrameKind.Alive)
            return;
        if (frame.Channel >= _channels.Length)
            throw new InvalidDataException("A frame names a channel that the link does not have.");
        var channel = _channels[frame.Channel];
        switch (frame.Kind)
        {
            case LinkFrameKind.Data:
                channel.OnData(frame.Offset, payload);
                break;
            case LinkFrameKind.Acknowledge:
                channel.OnAcknowledge(frame.Offset);
                break;
            case LinkFrameKind.End:
                channel.OnEnd();
                break;
            default:
                throw new InvalidDataException("A frame came out of turn on a job's link.");
        }
    }

    private async Task<LinkFrame> ReadHeaderAsync(Stream transport, byte[] buffer, CancellationToken cancellationToken)
    {
        await transport.ReadExactlyAsync(buffer.AsMemory(0, LinkFrame.HeaderLength), cancellationToken).ConfigureAwait(false);
        Interlocked.Exchange(ref _lastHeard, _clock.GetTimestamp());
        return LinkFrame.Read(buffer);
    }
}
