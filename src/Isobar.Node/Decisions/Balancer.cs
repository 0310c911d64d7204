using System.Globalization;
using System.Text.Json;
using Grpc.Core;
using Isobar.Balancing.Consideration;
using Isobar.Node.Membership;
using Isobar.Node.Policies;
using Isobar.Node.Settings;
using Isobar.Protocol;
using Isobar.Protocol.Balance;
using Isobar.Protocol.Jobs;

namespace Isobar.Node.Decisions;

/// <summary>
/// Carries out what the rules want of the jobs that run here: asks the target, then the job's home, whose deputy moves it. A rule's wish is old when it is carried
/// out, so all three check it against the present.
/// </summary>
internal sealed partial class Balancer(
    ClusterRuntime runtime, LivePolicies policies, LiveSettings settings, Offers offers, Managers managers, HomeMoves homeMoves, DecisionLog log, ILogger<Balancer> logger)
{
    private const double PauseAfterRefusal = 3;
    private const double PauseAfterFailure = 10;

    private static readonly TimeSpan MoveDeadline = TimeSpan.FromMinutes(30);

    private readonly System.Collections.Concurrent.ConcurrentDictionary<string, bool> _holding = new();
    private readonly System.Collections.Concurrent.ConcurrentDictionary<string, bool> _paging = new();

    /// <summary>Considers once; moves that come of it go on by themselves.</summary>
    /// <param name="trigger">Why now.</param>
    /// <param name="onlyFirst">Only what goes before the profile: the owner, and where jobs may be.</param>
    /// <param name="cancellation">When the daemon ends.</param>
    public void Consider(Trigger trigger, bool onlyFirst, CancellationToken cancellation)
    {
        if (policies.Consider(trigger, onlyFirst) is not { } considered)
            return;
        foreach (var (job, reason) in considered.Stays)
        {
            if (job.Length > 0)
                log.Stays(job, reason);
        }

        foreach (var wish in considered.Wishes)
            Begin(wish, cancellation);
    }

    /// <summary>Begins what a rule wants; it goes on by itself.</summary>
    internal void Begin(Wish wish, CancellationToken cancellation)
    {
        switch (wish.Kind)
        {
            case ActionKind.Move:
                BeginMove(wish, cancellation);
                break;
            // Condor writes a checkpoint and starts the job elsewhere, or kills it: by a move nothing is lost.
            case ActionKind.Vacate or ActionKind.Kill when HomeOf(wish.Job) != runtime.NodeName:
                BeginMove(wish with { Target = HomeOf(wish.Job) }, cancellation);
                break;
            case ActionKind.Suspend:
                BeginHold(wish, new Hold(wish.Words), cancellation);
                break;
            // MOSIX2 writes it to disk; here it stands still and keeps its memory.
            case ActionKind.Freeze when !wish.Info.Has(JobFlags.Suspended) && !wish.Info.Has(JobFlags.Frozen):
                BeginHold(wish, new Hold(wish.Words, HoldKind.Frozen), cancellation);
                break;
            case ActionKind.Background:
                BeginHold(wish, new Hold(wish.Words, HoldKind.Background), cancellation);
                break;
            case ActionKind.Resume or ActionKind.Thaw or ActionKind.Foreground:
                BeginHold(wish, null, cancellation);
                break;
            case ActionKind.PageOut:
                if (_paging.TryAdd(wish.Job, true))
                    _ = PageOutAsync(wish, cancellation);
                break;
            default:
                log.Stays(wish.Job, $"{wish.Words}; not done: this daemon does not {wish.Kind.ToString().ToLowerInvariant()} it");
                break;
        }
    }

    private void BeginMove(Wish wish, CancellationToken cancellation)
    {
        if (settings.MovesAtOnce == 0 && !wish.IsForced)
        {
            log.Stays(wish.Job, $"{wish.Words}; but moves-at-once is 0");
        }
        else if (policies.TryBeginMove(wish.Job, Math.Max(1, settings.MovesAtOnce)))
        {
            _ = MoveAsync(wish, cancellation);
        }
        else
        {
            log.Stays(wish.Job, $"{wish.Words}; but as many moves as allowed are under way");
            if (wish.WhileItWaits is { } hold)
                BeginHold(wish, hold, cancellation);
        }
    }

    private void BeginHold(Wish wish, Hold? hold, CancellationToken cancellation)
    {
        if (_holding.TryAdd(wish.Job, true))
            _ = HoldAsync(wish, hold, cancellation);
    }

    private async Task MoveAsync(Wish wish, CancellationToken cancellation)
    {
        string? failure = "the daemon ended.";
        var isRefusal = false;
        try
        {
            if (wish.Kind is ActionKind.Vacate or ActionKind.Kill)
                wish = await VacatedAsync(wish, cancellation);
            var home = HomeOf(wish.Job);
            var (taken, refusal) = await FirstToTakeAsync(wish, runtime.NodeName, asked => offers.AskAsync(asked.Target, OfferForm.Of(asked, home), cancellation));
            if (taken is null)
            {
                (failure, isRefusal) = (refusal, true);
                log.Add(wish.Job, wish.Words, $"not done: {refusal}", repeats: true);
                return;
            }

            wish = taken;
            var target = wish.Target;
            policies.Expect(target, Math.Max(1, wish.Info.Tasks), wish.Info.ResidentBytes, target == home ? 0 : 1);
            var record = await AskHomeAsync(wish, cancellation);
            failure = record.Failure;
            if (record.Move is { Committed: true } move)
            {
                // The home has learnt from it already.
                if (home != runtime.NodeName)
                    policies.Costs.Learn(move);
                log.Add(wish.Job, wish.Words, string.Create(CultureInfo.InvariantCulture, $"moved to {target}, frozen {move.FreezeSeconds:0.00} s"));
                LogMoved(wish.Job, target, wish.Words, move.FreezeSeconds);
            }
            else
            {
                failure ??= "the move came to nothing.";
                log.Add(wish.Job, wish.Words, $"{(record.Move is null ? "not done" : "failed")}: {failure}");
                // Its home did not even try: it has ended or has been moved by its user meanwhile.
                if (record.Move is null)
                    LogNotTried(wish.Job, target, failure);
                else
                    LogFailed(wish.Job, target, failure);
            }
        }
        catch (Exception e) when (IsEnd(e, cancellation))
        {
            // The deputy finishes what it began.
        }
        catch (Exception e)
        {
            failure = CauseOf(wish.Job, e);
            log.Add(wish.Job, wish.Words, $"failed: {failure}");
        }
        finally
        {
            policies.EndMove(wish.Job, failure, isRefusal ? PauseAfterRefusal : PauseAfterFailure, isRefusal);
        }
    }

    // Another machine that the profile's rules, or their manager, would start it on; else its home.
    private async Task<Wish> VacatedAsync(Wish wish, CancellationToken cancellation)
    {
        var instead = wish.Kind == ActionKind.Kill ? "being killed" : "a checkpoint";
        var home = HomeOf(wish.Job);
        return await managers.PlaceElsewhereAsync(wish, cancellation) is { } place && place.Target != home
            ? wish with { Target = place.Target, Alternate = home, Predicted = wish.Predicted.Elsewhere(), AlternatePredicted = null, Words = $"{wish.Words}; instead of {instead} it is moved: {place.Words}" }
            : wish with { Target = home, Alternate = null, Predicted = wish.Predicted.Elsewhere(), Words = $"{wish.Words}; instead of {instead} it is moved home" };
    }

    /// <summary>The wish as it is carried out: for its target, or, when that refuses, for the second one; null with what they said when neither takes the job.</summary>
    /// <param name="wish">What the rules want.</param>
    /// <param name="self">This node, which is no target.</param>
    /// <param name="ask">Asks a wish's target; null = it takes the job.</param>
    internal static async Task<(Wish? Taken, string? Refusal)> FirstToTakeAsync(Wish wish, string self, Func<Wish, Task<string?>> ask)
    {
        var refusal = await ask(wish);
        if (refusal is null)
            return (wish, null);
        if (wish.Alternate is null || wish.Alternate == self)
            return (null, refusal);
        var other = wish.ToAlternate();
        var second = await ask(other);
        return second is null ? (other, null) : (null, $"{refusal} {second}");
    }

    private async Task<(string? Failure, MoveRecord? Move)> AskHomeAsync(Wish wish, CancellationToken cancellation)
    {
        var predicts = double.IsFinite(wish.Predicted.GainSeconds) && !wish.IsForced;
        var request = new MoveJobRequest
        {
            Job = wish.Job,
            Target = wish.Target,
            Why = WhyOf(wish),
            PredictedGainSeconds = predicts ? wish.Predicted.GainSeconds : 0,
            PredictedOthersGainSeconds = predicts ? wish.Predicted.OthersGainSeconds : 0,
            Forced = wish.IsForced,
        };
        var home = HomeOf(wish.Job);
        var reply = home == runtime.NodeName
            ? await homeMoves.MoveAsync(runtime.NodeName, request, cancellation)
            : await new PeerBalance.PeerBalanceClient(runtime.Require().Peers.To(home)).MoveAsync(request, deadline: DateTime.UtcNow + MoveDeadline, cancellationToken: cancellation);
        var move = reply.Record.IsEmpty ? null : JsonSerializer.Deserialize(reply.Record.Span, JobJson.Default.MoveRecord);
        return (reply.Failure.Length == 0 ? null : reply.Failure, move);
    }

    /// <summary>The words of the ledger.</summary>
    internal static string WhyOf(Wish wish) => wish.IsForced || !double.IsFinite(wish.Predicted.GainSeconds)
        ? $"{wish.Rule}: {wish.Words}"
        : string.Create(CultureInfo.InvariantCulture, $"{wish.Rule}: {wish.Words}; should save {wish.Predicted.GainSeconds:0.0} s{(Math.Abs(wish.Predicted.OthersGainSeconds) < 0.05 ? "" : $", and the others {wish.Predicted.OthersGainSeconds:0.0} s")}");

    private async Task HoldAsync(Wish wish, Hold? hold, CancellationToken cancellation)
    {
        try
        {
            var failure = await homeMoves.HoldAsync(wish.Job, hold, cancellation);
            if (failure is null)
                policies.NoteHold(wish.Job, hold);
            log.Add(wish.Job, wish.Words, failure is null ? "done" : $"not done: {failure}", repeats: failure is not null);
        }
        catch (Exception e) when (!IsEnd(e, cancellation))
        {
            log.Add(wish.Job, wish.Words, $"failed: {CauseOf(wish.Job, e)}", repeats: true);
        }
        finally
        {
            _holding.TryRemove(wish.Job, out _);
        }
    }

    private async Task PageOutAsync(Wish wish, CancellationToken cancellation)
    {
        var pause = TimeSpan.Zero;
        try
        {
            var clock = System.Diagnostics.Stopwatch.StartNew();
            var done = await homeMoves.PageOutAsync(wish.Job, wish.Target, wish.Bytes, cancellation);
            if (done.Failure is null && done.Bytes > 0)
            {
                // Its own news of it comes seconds later.
                policies.Expect(wish.Target, 0, done.Bytes, 0);
                log.Add(wish.Job, wish.Words, string.Create(CultureInfo.InvariantCulture, $"done: {done.Bytes / 1048576.0:0.0} MiB less here, in {clock.Elapsed.TotalSeconds:0.0} s"), repeats: true);
            }
            else
            {
                pause = TimeSpan.FromSeconds(PauseAfterFailure);
                log.Add(wish.Job, wish.Words, $"not done: {done.Failure ?? "the job has no page that could go."}", repeats: true);
            }
        }
        catch (Exception e) when (!IsEnd(e, cancellation))
        {
            pause = TimeSpan.FromSeconds(PauseAfterFailure);
            log.Add(wish.Job, wish.Words, $"failed: {CauseOf(wish.Job, e)}", repeats: true);
        }
        finally
        {
            // Each try lets the job stand still for a moment.
            await Task.Delay(pause, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _paging.TryRemove(wish.Job, out _);
        }
    }

    private static bool IsEnd(Exception e, CancellationToken cancellation) => e is OperationCanceledException && cancellation.IsCancellationRequested;

    // Nobody waits for what it began: a fault of the program itself is told in the log, too.
    private string CauseOf(string job, Exception e)
    {
        if (e is not (RpcException or IsobarException or IOException or System.Net.Sockets.SocketException or OperationCanceledException))
            LogFault(job, e.ToString());
        return e is RpcException rpc ? rpc.Status.Detail : e.Message;
    }

    private static string HomeOf(string job) => Isobar.Protocol.Jobs.JobId.Parse(job).Home;

    [LoggerMessage(Level = LogLevel.Information, Message = "balance: {Job} moved to {Node}: {Why} (frozen {Seconds:0.00} s)")]
    private partial void LogMoved(string job, string node, string why, double seconds);

    [LoggerMessage(Level = LogLevel.Information, Message = "balance: {Job} was not moved to {Node}: {Reason}")]
    private partial void LogNotTried(string job, string node, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "balance: {Job}: {Fault}")]
    private partial void LogFault(string job, string fault);

    [LoggerMessage(Level = LogLevel.Warning, Message = "balance: {Job} could not be moved to {Node}: {Reason}")]
    private partial void LogFailed(string job, string node, string reason);
}
