using System.CommandLine;
using Isobar.Cli.Terminal;
using Isobar.Protocol.Balance;

namespace Isobar.Cli.Balance;

/// <summary>isobar node drain|undrain NODE</summary>
internal static class NodeCommand
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(300);

    public static Command Create() => new("node", "Empty a node of jobs, or open it again.\n\nExample: isobar node drain beta") { CreateDrain(), CreateUndrain() };

    private static Command CreateDrain()
    {
        var node = new Argument<string>("node") { Description = "The node to empty" };
        var wait = new Option<double>("--wait") { HelpName = "SECONDS", Description = "How long to wait until it is empty; 0 = not at all (default 300)", DefaultValueFactory = _ => 300 };
        var command = new Command("drain", "Move all jobs away from a node and let none come, until `isobar node undrain`. Jobs with --stay go too.\n\nExample: isobar node drain beta") { node, wait };
        command.SetAction(async (parsed, cancellation) =>
        {
            var name = parsed.GetValue(node)!;
            var until = DateTime.UtcNow.AddSeconds(parsed.GetValue(wait));
            var jobs = await SetAsync(parsed, name, true, cancellation);
            while (jobs > 0 && DateTime.UtcNow < until)
            {
                await Task.Delay(LookEvery, cancellation);
                jobs = await SetAsync(parsed, name, true, cancellation);
            }

            Console.WriteLine(jobs == 0 ? $"{name} is empty and takes no jobs" : $"{name} takes no jobs; {jobs} are still there");
            return jobs == 0 || parsed.GetValue(wait) <= 0
                ? ExitCodes.Success
                : throw new CommandException($"{jobs} jobs have not left {name}: isobar why JOB tells what prevents it.");
        });
        return command;
    }

    private static Command CreateUndrain()
    {
        var node = new Argument<string>("node") { Description = "The node to open" };
        var command = new Command("undrain", "Let jobs come to a node again.\n\nExample: isobar node undrain beta") { node };
        command.SetAction(async (parsed, cancellation) =>
        {
            await SetAsync(parsed, parsed.GetValue(node)!, false, cancellation);
            Console.WriteLine($"{parsed.GetValue(node)} takes jobs");
            return ExitCodes.Success;
        });
        return command;
    }

    private static async Task<int> SetAsync(ParseResult parsed, string node, bool isDrained, CancellationToken cancellation)
    {
        var request = new DrainRequest { Node = node, Drained = isDrained };
        return (await Daemon.CallAsync(parsed.SocketPath(), channel => new LocalBalance.LocalBalanceClient(channel).DrainAsync(request, cancellationToken: cancellation))).Jobs;
    }
}
