using System.CommandLine;
using System.Text.Json;
using Isobar.Cli.Jobs;
using Isobar.Cli.Terminal;
using Isobar.Protocol.Balance;

namespace Isobar.Cli.Balance;

/// <summary>isobar why JOB [--json]</summary>
internal static class WhyCommand
{
    public static Command Create()
    {
        var job = JobCalls.Job();
        var json = GlobalOptions.Json();
        var command = new Command("why", "Tell why a job is where it is: the last decisions, what would move it, what prevents it.\n\nExample: isobar why alpha-3") { job, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            var request = new WhyRequest { Job = parsed.GetValue(job)! };
            var reply = await Daemon.CallAsync(parsed.SocketPath(), channel => new LocalBalance.LocalBalanceClient(channel).WhyAsync(request, cancellationToken: cancellation));
            if (parsed.GetValue(json))
                Console.WriteLine(JsonSerializer.Serialize(WhyJson.From(reply), BalanceJson.Default.WhyJson));
            else
                Write(reply, Console.Out);
            return ExitCodes.Success;
        });
        return command;
    }

    internal static void Write(WhyReply reply, TextWriter output)
    {
        output.WriteLine(reply.Place);
        Section(output, "Decided last:", reply.Decisions.OrderBy(decision => decision.AgeSeconds).Select(decision => $"{Quantity.Time(decision.AgeSeconds)} ago: {decision.What}: {decision.Outcome}"));
        Section(output, "What it would get elsewhere:", reply.WouldMove);
        Section(output, "What prevents a move:", reply.Prevents);
    }

    private static void Section(TextWriter output, string heading, IEnumerable<string> lines)
    {
        var any = false;
        foreach (var line in lines)
        {
            if (!any)
                output.WriteLine(heading);
            any = true;
            output.WriteLine($"  {line}");
        }
    }
}

/// <summary>The answer as JSON.</summary>
internal sealed record WhyJson(string Place, IReadOnlyList<WhyDecisionJson> Decisions, IReadOnlyList<string> Elsewhere, IReadOnlyList<string> Prevents)
{
    public static WhyJson From(WhyReply reply) => new(
        reply.Place, [.. reply.Decisions.Select(decision => new WhyDecisionJson(Math.Round(decision.AgeSeconds, 1), decision.What, decision.Outcome))], [.. reply.WouldMove], [.. reply.Prevents]);
}

internal sealed record WhyDecisionJson(double AgeSeconds, string What, string Outcome);
