using Isobar.Protocol.Jobs;
using Isobar.Protocol.Links;

namespace Isobar.Supervisor.Deputies;

/// <summary>
/// One output stream of a job over all of its incarnations: the channel of one host up to where it ended, what the job had written after that, then the
/// next host's channel, as one sequence of bytes.
/// </summary>
internal sealed class OutputRoute
{
    private readonly Lock _gate = new();
    private readonly Queue<Segment> _segments = new();
    private Segment? _last;
    private int _tailRead;
    private bool _finished;
    private TaskCompletionSource _changed = NewSignal();

    private bool IsFinished
    {
        get
        {
            lock (_gate)
                return _finished;
        }
    }

    /// <summary>The first host's channel, or the one that follows where the present one ends.</summary>
    public void Append(LinkChannel channel)
    {
        lock (_gate)
        {
            _last = new Segment(channel);
            _segments.Enqueue(_last);
            Raise();
        }
    }

    /// <summary>The latest host's channel ends here; another one follows.</summary>
    public void EndCurrent(ChannelEnd end)
    {
        lock (_gate)
        {
            if (_last is not null)
                _last.End = end;
            Raise();
        }
    }

    /// <summary>The job has ended: after the present channel nothing comes.</summary>
    public void Finish()
    {
        lock (_gate)
        {
            _finished = true;
            Raise();
        }
    }

    /// <summary>Reads what comes next; 0 when the job has closed the stream.</summary>
    public async ValueTask<int> ReadAsync(Memory<byte> target, CancellationToken cancellationToken)
    {
        while (true)
        {
            LinkChannel? channel = null;
            Task changed;
            lock (_gate)
            {
                changed = _changed.Task;
                if (_segments.TryPeek(out var segment))
                {
                    channel = segment.Channel;
                    if (segment.End is { } end && channel.Consumed >= end.Total)
                    {
                        var tail = end.Tail.AsSpan(_tailRead);
                        if (tail.Length > 0)
                        {
                            var length = Math.Min(tail.Length, target.Length);
                            tail[..length].CopyTo(target.Span);
                            _tailRead += length;
                            return length;
                        }

                        _segments.Dequeue();
                        _tailRead = 0;
                        continue;
                    }
                }
            }

            if (channel is null && _finished)
                return 0;
            if (channel is null)
            {
                await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
                continue;
            }

            try
            {
                if (await ReadUnlessChangedAsync(channel, changed, target, cancellationToken).ConfigureAwait(false) is { } bytes)
                    return bytes;
            }
            catch (LinkClosedException) when (IsFinished)
            {
                // The job was lost with its last host: what that one had not told is not to be had.
                return 0;
            }
        }
    }

    private static async ValueTask<int?> ReadUnlessChangedAsync(LinkChannel channel, Task changed, Memory<byte> target, CancellationToken cancellationToken)
    {
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var registration = new ChangeRegistration(changed, giveUp);
        try
        {
            var read = await channel.ReadAsync(target, giveUp.Token).ConfigureAwait(false);
            // An end that overtook the word of the change is the end of that host's part only.
            return read == 0 && changed.IsCompleted ? null : read;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
        catch (LinkClosedException) when (changed.IsCompleted)
        {
            // The host was dismissed after its end here was told, and that overtook the word of the change: what follows is the next host's.
            return null;
        }
    }

    private void Raise()
    {
        _changed.TrySetResult();
        _changed = NewSignal();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed class Segment(LinkChannel channel)
    {
        public LinkChannel Channel => channel;

        public ChannelEnd? End { get; set; }
    }

    private sealed class ChangeRegistration : IDisposable
    {
        private readonly CancellationTokenSource _stop = new();

        public ChangeRegistration(Task changed, CancellationTokenSource giveUp)
        {
            _ = changed.ContinueWith(
                static (_, state) => Cancel((CancellationTokenSource)state!),
                giveUp,
                _stop.Token,
                TaskContinuationOptions.None,
                TaskScheduler.Default);
        }

        public void Dispose()
        {
            _stop.Cancel();
            _stop.Dispose();
        }

        private static void Cancel(CancellationTokenSource source)
        {
            try
            {
                source.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // The read had ended already.
            }
        }
    }
}
