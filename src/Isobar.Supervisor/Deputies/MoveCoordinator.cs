using System.Diagnostics;
using System.Security.Cryptography;
using Isobar.Linux.Criu;
using Isobar.Protocol.Jobs;
using Isobar.Protocol.Links;

namespace Isobar.Supervisor.Deputies;

/// <summary>
/// One move: prepare the target, transfer, restore up to the job's next instruction, commit at home, let go. Whatever fails before the commit, the job
/// goes on where it was; after it, only the target may run it, since every older incarnation is refused.
/// </summary>
internal sealed class MoveCoordinator(Deputy deputy, IHostOpener opener)
{
    private static readonly TimeSpan PrepareWithin = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan TransferWithin = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan RestoreWithin = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan OutputWithin = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan ResumeWithin = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StayWithin = TimeSpan.FromSeconds(30);

    /// <summary>What hinders a move for a moment only (a folder is being walked through, a thread is just being made) is waited for so long.</summary>
    private static readonly TimeSpan TriesWithin = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan TurnWithin = TimeSpan.FromSeconds(30);

    /// <summary>Moves the job and returns the ledger's line, which tells also of a failure.</summary>
    public async Task<MoveRecord> MoveAsync(MoveCommand wish, Action<MoveAdvanced> progress, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        if (deputy.Host!.Node == wish.TargetNode)
            throw new MoveException($"job {deputy.Place.Id} is at {wish.TargetNode} already.");
        var (record, mayPass) = await TryAsync(wish, progress, cancellationToken).ConfigureAwait(false);
        if (mayPass)
        {
            using var turn = await SecondTries.TurnAsync(deputy.JobsFolder, TurnWithin, cancellationToken).ConfigureAwait(false);
            var tries = Stopwatch.StartNew();
            while (mayPass && tries.Elapsed < TriesWithin && !deputy.HasEnded)
                (record, mayPass) = await TryAsync(wish, progress, cancellationToken).ConfigureAwait(false);
        }

        record = record with { TotalSeconds = clock.Elapsed.TotalSeconds };
        deputy.Journal.TryAdd(new MoveTried(DateTimeOffset.UtcNow, record));
        deputy.Board.Publish(new MoveEnded(record));
        return record;
    }

    private async Task<(MoveRecord Record, bool MayPass)> TryAsync(MoveCommand wish, Action<MoveAdvanced> progress, CancellationToken cancellationToken)
    {
        var (targetNode, targetAddress) = (wish.TargetNode, wish.TargetAddress);
        var clock = Stopwatch.StartNew();
        var source = deputy.Host!;
        var record = new MoveRecord { When = DateTimeOffset.UtcNow, From = source.Node, To = targetNode, Committed = false, Why = wish.Why, PredictedGainSeconds = wish.PredictedGainSeconds, PredictedOthersGainSeconds = wish.PredictedOthersGainSeconds };
        var mayPass = false;
        var before = deputy.Board.Current.State;
        deputy.Board.Update(status => status with { State = JobState.Moving });
        var ticket = new MoveTicket(deputy.NextIncarnation(), RandomNumberGenerator.GetHexString(32), source.Node, targetNode);
        HostConnection? target = null;
        var (asked, decided) = (false, false);
        try
        {
            progress(new MoveAdvanced("prepare", 0, 0));
            target = await opener.OpenAsync(targetNode, ticket.Incarnation, cancellationToken).ConfigureAwait(false);
            deputy.Listen(target);
            await target.TellAsync(new PrepareArrival(deputy.Spec, deputy.Place, ticket), cancellationToken).ConfigureAwait(false);
            await target.NextStepAsync<ReadyToReceive>(ticket.Incarnation, PrepareWithin, "getting ready to receive the job", cancellationToken).ConfigureAwait(false);
            record = record with { PrepareSeconds = clock.Elapsed.TotalSeconds };

            progress(new MoveAdvanced("transfer", 0, 0));
            await deputy.Streams.PauseInputAsync().ConfigureAwait(false);
            asked = true;
            await source.TellAsync(new MoveOut(ticket, targetNode, targetAddress), cancellationToken).ConfigureAwait(false);
            var sent = await SentUnlessTargetFailsAsync(source, target, cancellationToken).ConfigureAwait(false);
            var frozen = Stopwatch.StartNew();
            record = record with { Bytes = sent.Bytes, TransferSeconds = clock.Elapsed.TotalSeconds - record.PrepareSeconds };
            await ReceiveOutputAsync(source, sent, cancellationToken).ConfigureAwait(false);

            progress(new MoveAdvanced("restore", sent.Bytes, sent.Bytes));
            var arrived = await target.NextStepAsync<Arrived>(ticket.Incarnation, RestoreWithin, "restoring the job", cancellationToken).ConfigureAwait(false);
            record = record with { RestoreSeconds = arrived.RestoreSeconds };

            deputy.Journal.Add(new JobPlaced(DateTimeOffset.UtcNow, ticket.Incarnation, targetNode), durable: true);
            decided = true;
            await deputy.FenceFilesAsync(ticket.Incarnation).ConfigureAwait(false);
            deputy.SwitchTo(target, sent);
            await target.TellAsync(new Decide(ticket.Incarnation, Commit: true), CancellationToken.None).ConfigureAwait(false);
            await TellSourceAsync(source, new Decide(ticket.Incarnation, Commit: true)).ConfigureAwait(false);
            await target.NextStepAsync<Resumed>(ticket.Incarnation, ResumeWithin, "letting the job go on", CancellationToken.None).ConfigureAwait(false);
            record = record with { Committed = true, FreezeSeconds = sent.FrozenSeconds + frozen.Elapsed.TotalSeconds };
            // A stopped job arrives stopped.
            var state = before == JobState.Stopped ? JobState.Stopped : JobState.Running;
            deputy.Board.Update(status => status with { State = state, Node = targetNode, Incarnation = ticket.Incarnation, Moves = status.Moves + 1, Held = null });
        }
        catch (Exception e) when (!decided && e is MoveException or LinkClosedException or IOException or OperationCanceledException)
        {
            // With the job its host goes away, which is all that a move in progress sees of it.
            var reason = deputy.HasEnded ? "the job ended while it was being moved." : e is OperationCanceledException ? "the move was cancelled." : e.Message;
            record = record with { Failure = reason, Log = (e as MoveException)?.Said?.Log };
            mayPass = e is MoveException { Said.MayPass: true };
            var why = await AbortAsync(source, target, ticket, asked, before).ConfigureAwait(false);
            // When the source gives up, the target may be the first to say so: to it, the connection broke off.
            if (why is { BeganHere: true } && e is not OperationCanceledException)
                (record, mayPass) = (record with { Failure = why.Reason, Log = why.Log }, why.MayPass);
        }
        catch (MoveException e)
        {
            // Committed, and then the target was lost: the job is where the target is, if anywhere.
            record = record with { Committed = true, Failure = e.Message };
            deputy.Board.Update(status => status with { State = JobState.Unreachable, Node = targetNode });
        }

        if (record.Committed)
        {
            await source.DismissAsync().ConfigureAwait(false);
            LinkRemaps.Forget(deputy.RecordFolder);
        }
        else
        {
            // A dump that failed has taken its names away itself, unless CRIU was killed.
            LinkRemaps.Settle(deputy.RecordFolder);
        }

        return (record, mayPass);
    }

    private static async Task<Sent> SentUnlessTargetFailsAsync(HostConnection source, HostConnection target, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var sending = source.NextStepAsync<Sent>(target.Incarnation, TransferWithin, "sending the job", stop.Token);
        var failing = target.FailureAsync("receiving the job", stop.Token);
        var first = await Task.WhenAny(sending, failing).ConfigureAwait(false);
        await stop.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(sending, failing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // When the source gives up, the target sees its connection break off, and both say so at once: the first cause counts.
        var secondHand = first == failing && sending.Exception?.InnerException is not MoveException { Said.BeganHere: true };
        return secondHand ? throw new MoveException(await failing.ConfigureAwait(false)) : await sending.ConfigureAwait(false);
    }

    /// <summary>What the job wrote at the source must be here, in this process, before the source may forget it.</summary>
    private static async Task ReceiveOutputAsync(HostConnection source, Sent sent, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(OutputWithin);
        try
        {
            await source.Link[JobChannels.Output].ReceivedAtLeastAsync(sent.Output.Total, timeout.Token).ConfigureAwait(false);
            await source.Link[JobChannels.Error].ReceivedAtLeastAsync(sent.Error.Total, timeout.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new MoveException($"the job's last output did not arrive from {source.Node} in time.");
        }
    }

    /// <summary>Lets the job go on where it is. Returns why the source could not send it, when it was the source.</summary>
    private async Task<MoveFailed?> AbortAsync(HostConnection source, HostConnection? target, MoveTicket ticket, bool asked, JobState before)
    {
        await TellSourceAsync(source, new Decide(ticket.Incarnation, Commit: false)).ConfigureAwait(false);
        if (target is not null)
            await target.DismissAsync().ConfigureAwait(false);
        var why = asked ? await source.StayedAsync(ticket.Incarnation, StayWithin).ConfigureAwait(false) : null;
        deputy.Streams.ResumeInput();
        deputy.Board.Update(status => status with { State = status.State == JobState.Moving ? before : status.State });
        return why;
    }

    private static async Task TellSourceAsync(HostConnection source, DeputyMessage order)
    {
        try
        {
            await source.TellAsync(order).ConfigureAwait(false);
        }
        catch (LinkClosedException)
        {
            // It has gone with the job.
        }
    }
}
