using System.Diagnostics;
using System.Threading.Channels;
using Isobar.Protocol.Jobs;
using Isobar.Protocol.Links;
using Isobar.Supervisor.Control;

namespace Isobar.Supervisor.Deputies;

/// <summary>The deputy's side of the link to one job host.</summary>
internal sealed class HostConnection : IDisposable
{
    // Longer than it takes to notice a broken connection and to call again, and not longer than the lease of the host.
    private static readonly TimeSpan SilenceEndsMove = TimeSpan.FromSeconds(12);
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);
    private readonly MessageStream<DeputyMessage> _orders;
    private readonly MessageStream<HostMessage> _reports;
    private readonly Channel<HostMessage> _steps = Channel.CreateUnbounded<HostMessage>(new UnboundedChannelOptions { SingleReader = false });

    public HostConnection(string node, int incarnation, ResumableLink link)
    {
        Node = node;
        Incarnation = incarnation;
        Link = link;
        _orders = new MessageStream<DeputyMessage>(link[JobChannels.Control], JobJson.Default.DeputyMessage);
        _reports = new MessageStream<HostMessage>(link[JobChannels.Control], JobJson.Default.HostMessage);
    }

    public string Node { get; }

    public int Incarnation { get; }

    public ResumableLink Link { get; }

    public ValueTask TellAsync(DeputyMessage order, CancellationToken cancellationToken = default) => _orders.SendAsync(order, cancellationToken);

    /// <summary>
    /// Receives reports until the link is closed for good; the steps of starts and moves go to <see cref="NextStepAsync"/>, the rest to the handler. One that cannot be understood or dealt with is
    /// not the last: the job's end comes this way.
    /// </summary>
    public async Task ListenAsync(Func<HostMessage, ValueTask> handle, CancellationToken cancellationToken)
    {
        try
        {
            while (await ListenToOneAsync(handle, cancellationToken).ConfigureAwait(false))
            {
            }
        }
        catch (LinkClosedException)
        {
            // The host has gone.
        }
        finally
        {
            _steps.Writer.TryComplete();
        }
    }

    /// <summary>False when there are no more reports.</summary>
    private async Task<bool> ListenToOneAsync(Func<HostMessage, ValueTask> handle, CancellationToken cancellationToken)
    {
        try
        {
            if (await _reports.ReceiveAsync(cancellationToken).ConfigureAwait(false) is not { } report)
                return false;
            if (report is Launched or LaunchFailed or ReadyToReceive or Sent or Arrived or Resumed or MoveFailed or Stayed)
                _steps.Writer.TryWrite(report);
            else
                await handle(report).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not (LinkClosedException or InvalidDataException or OperationCanceledException))
        {
            DaemonJournal.Write($"a report of {Node} is lost: {e}");
        }

        return true;
    }

    /// <summary>The host's next step in a start, or in the move that gives the job this incarnation.</summary>
    /// <exception cref="MoveException">It failed, did not come in time, or the host fell silent.</exception>
    public async Task<T> NextStepAsync<T>(int incarnation, TimeSpan atMost, string waitingFor, CancellationToken cancellationToken)
        where T : HostMessage
    {
        var clock = Stopwatch.StartNew();
        while (await SomethingToReadAsync(waitingFor, cancellationToken).ConfigureAwait(false))
        {
            while (_steps.Reader.TryRead(out var step))
            {
                switch (step)
                {
                    case MoveFailed or Sent or Stayed when !IsOf(step, incarnation):
                        // A word of an earlier move, which was given up before it came.
                        break;
                    case T awaited:
                        return awaited;
                    case MoveFailed failed:
                        throw new MoveException(failed);
                    default:
                        break;
                }
            }

            if (clock.Elapsed > atMost)
                throw new MoveException($"{Node} did not answer for {atMost.TotalSeconds:0} s while {waitingFor}.");
        }

        throw new MoveException($"{Node} went away while {waitingFor}.");
    }

    /// <summary>Completes with the reason when the host says that the move cannot be, or is gone. Other steps stay for <see cref="NextStepAsync"/>.</summary>
    public async Task<MoveFailed> FailureAsync(string waitingFor, CancellationToken cancellationToken)
    {
        try
        {
            while (await SomethingToReadAsync(waitingFor, cancellationToken).ConfigureAwait(false))
            {
                if (!_steps.Reader.TryPeek(out var step))
                    continue;
                if (step is MoveFailed failed)
                    return failed;
                await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(false);
            }

            return new MoveFailed(Incarnation, $"{Node} went away while {waitingFor}.");
        }
        catch (MoveException e)
        {
            return new MoveFailed(Incarnation, e.Message);
        }
    }

    /// <summary>
    /// Waits until nothing of a move that was given up goes on at its source: else its last words and its CRIU could meet those of the next move.
    /// A source that is gone or silent is not waited for.
    /// </summary>
    /// <returns>Why it could not send the job, when it says so.</returns>
    public async Task<MoveFailed?> StayedAsync(int incarnation, TimeSpan atMost)
    {
        var clock = Stopwatch.StartNew();
        MoveFailed? why = null;
        try
        {
            while (clock.Elapsed < atMost && await SomethingToReadAsync("giving up the move", CancellationToken.None).ConfigureAwait(false))
            {
                while (_steps.Reader.TryRead(out var step))
                {
                    if (!IsOf(step, incarnation))
                        continue;
                    if (step is Stayed)
                        return why;
                    why ??= step as MoveFailed;
                }
            }
        }
        catch (MoveException)
        {
            // Silent.
        }

        return why;
    }

    private static bool IsOf(HostMessage step, int incarnation) => incarnation == step switch
    {
        MoveFailed failed => failed.Incarnation,
        Sent sent => sent.Incarnation,
        Stayed stayed => stayed.Incarnation,
        _ => incarnation,
    };

    /// <summary>Returns from time to time, with or without a step; false when none will ever come.</summary>
    private async Task<bool> SomethingToReadAsync(string waitingFor, CancellationToken cancellationToken)
    {
        if (Link.SilentFor > SilenceEndsMove)
            throw new MoveException($"{Node} was not heard of for {SilenceEndsMove.TotalSeconds:0} s while {waitingFor}.");
        using var look = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        look.CancelAfter(LookEvery);
        try
        {
            return await _steps.Reader.WaitToReadAsync(look.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return true;
        }
    }

    /// <summary>The host is not needed any more.</summary>
    public async Task DismissAsync()
    {
        try
        {
            await TellAsync(new Dismiss()).ConfigureAwait(false);
            Link.Close();
        }
        catch (LinkClosedException)
        {
            // It is gone already.
        }
    }

    public void Dispose()
    {
        _orders.Dispose();
        _reports.Dispose();
    }
}
