using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Isobar.Cli.Terminal;
using Isobar.Protocol.Jobs;
using Isobar.Protocol.Jobs.Wire;

namespace Isobar.Cli.Jobs;

/// <summary>isobar moves JOB [--json]</summary>
internal static class MovesListing
{
    public static Command Create()
    {
        var job = JobCalls.Job();
        var json = GlobalOptions.Json();
        var command = new Command("moves", "Show a job's ledger: every move, how long it took and why it was made.\n\nExample: isobar moves alpha-3") { job, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            var request = new MovesRequest { Job = parsed.GetValue(job)! };
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
        // A column of its own only where a balancer had a say.
        var hasGains = moves.Any(move => move.PredictedGainSeconds is not null);
        TextTable.Column[] gain = hasGains ? [new("GAIN", true)] : [];
        var table = new TextTable(
            [new("WHEN"), new("FROM"), new("TO"), new("RESULT"), new("BYTES", true), new("FROZEN", true), new("TOTAL", true), .. gain, new("WHY")]);
        foreach (var move in moves)
        {
            TextTable.Cell[] expected = hasGains ? [move.PredictedGainSeconds is { } seconds ? Seconds(seconds) : "-"] : [];
            table.Add(
            [
                move.When.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture),
                move.From,
                move.To,
                move.Committed ? new("moved", Paint.Green) : new("failed", Paint.Red),
                move.Committed ? Quantity.Bytes(move.Bytes) : "-",
                move.Committed ? Seconds(move.FreezeSeconds) : "-",
                Seconds(move.TotalSeconds),
                .. expected,
                move.Failure is null ? move.Why : $"{move.Why}; {move.Failure}",
            ]);
        }

        return table;
    }

    private static string Seconds(double seconds) => seconds < 1
        ? string.Create(CultureInfo.InvariantCulture, $"{seconds * 1000:0} ms")
        : string.Create(CultureInfo.InvariantCulture, $"{seconds:0.0} s");
}
