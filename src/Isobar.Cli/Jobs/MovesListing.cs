using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Isobar.Cli.Terminal;
using Isobar.Protocol.Jobs;
using Isobar.Protocol.Jobs.Wire;

namespace Isobar.Cli.Jobs;

/// <summary>isobar moves JOB|--all [--json]</summary>
internal static class MovesListing
{
    public static Command Create()
    {
        var job = new Argument<string?>("job") { Description = "A job's id (alpha-3) or name", Arity = ArgumentArity.ZeroOrOne };
        var all = new Option<bool>("--all", "-a") { Description = "The moves of all jobs whose home is this node" };
        var last = new Option<int>("--last") { HelpName = "N", Description = "With --all: the newest N (default 50)", DefaultValueFactory = _ => 50 };
        last.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1)
                result.AddError("--last takes a number from 1 on");
        });
        var json = GlobalOptions.Json();
        var command = new Command("moves", "Show a job's ledger: every move, how long it took, why it was made, what was expected of it and what it brought.\n\nExample: isobar moves alpha-3") { job, all, last, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            if ((parsed.GetValue(job) is null) != parsed.GetValue(all))
                throw new CommandException("say which: a job, or --all.");
            var request = new MovesRequest { Job = parsed.GetValue(job) ?? "", Last = parsed.GetValue(last) };
            var reply = await Daemon.CallAsync(parsed.SocketPath(), channel => new LocalJobs.LocalJobsClient(channel).MovesAsync(request, cancellationToken: cancellation));
            IReadOnlyList<MoveRecord> moves = [.. reply.Moves.Select(move => JsonSerializer.Deserialize(move.Span, JobJson.Default.MoveRecord)!)];
            if (parsed.GetValue(json))
                Console.WriteLine(JsonSerializer.Serialize(moves, JobJson.Default.IReadOnlyListMoveRecord));
            else
                Table(moves).Write(Console.Out);
            return ExitCodes.Success;
        });
        return command;
    }

    /// <summary>The ledger's line after a move, in words.</summary>
    public static string Sentence(string job, MoveRecord move) =>
        $"{job} moved from {move.From} to {move.To}: {Quantity.Bytes(move.Bytes)}, frozen {Seconds(move.FreezeSeconds)}, {Seconds(move.TotalSeconds)} in all";

    internal static TextTable Table(IReadOnlyList<MoveRecord> moves)
    {
        // Columns of their own only where there is something in them.
        var hasJobs = moves.Any(move => move.Job is not null);
        var hasGains = moves.Any(move => move.PredictedGainSeconds is not null || move.AchievedGainSeconds is not null);
        TextTable.Column[] job = hasJobs ? [new("JOB")] : [];
        // A move for the sake of others may cost its own job something.
        var hasOthers = moves.Any(move => move.PredictedOthersGainSeconds is not null);
        TextTable.Column[] others = hasOthers ? [new("FOR OTHERS", true)] : [];
        TextTable.Column[] gain = hasGains ? [new("PREDICTED", true), .. others, new("ACHIEVED", true)] : [];
        var table = new TextTable(
            [new("WHEN"), .. job, new("FROM"), new("TO"), new("RESULT"), new("BYTES", true), new("FROZEN", true), new("TOTAL", true), .. gain, new("WHY")]);
        foreach (var move in moves)
        {
            TextTable.Cell[] whose = hasJobs ? [move.Job ?? "-"] : [];
            TextTable.Cell[] forOthers = hasOthers ? [Signed(move.PredictedOthersGainSeconds)] : [];
            TextTable.Cell[] gains = hasGains ? [Signed(move.PredictedGainSeconds), .. forOthers, Signed(move.AchievedGainSeconds)] : [];
            table.Add(
            [
                move.When.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture),
                .. whose,
                move.From,
                move.To,
                move.Committed ? new("moved", Paint.Green) : new("failed", Paint.Red),
                move.Committed ? Quantity.Bytes(move.Bytes) : "-",
                move.Committed ? Seconds(move.FreezeSeconds) : "-",
                Seconds(move.TotalSeconds),
                .. gains,
                move.Failure is null ? move.Why : $"{move.Why}; {move.Failure}",
            ]);
        }

        return table;
    }

    // A move may cost more than it saves.
    private static string Signed(double? gain) => gain is not { } seconds ? "-" : seconds < 0 ? $"-{Seconds(-seconds)}" : Seconds(seconds);

    private static string Seconds(double seconds) => seconds < 1
        ? string.Create(CultureInfo.InvariantCulture, $"{seconds * 1000:0} ms")
        : string.Create(CultureInfo.InvariantCulture, $"{seconds:0.0} s");
}
