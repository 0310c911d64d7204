using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Isobar.Balancing;
using Isobar.Balancing.Consideration.Owners;
using Isobar.Cli.Terminal;
using Isobar.Protocol.Balance;
using Isobar.Protocol.Cluster;

namespace Isobar.Cli.Balance;

/// <summary>isobar owner set|show|clear [--node NODE]</summary>
internal static class OwnerCommand
{
    public static Command Create() => new("owner", "Say when a machine's owner counts as there: guests leave then, or stand still.\n\nExample: isobar owner set --input --quiet 5min")
    {
        CreateSet(), CreateShow(), CreateClear(),
    };

    private static Command CreateSet()
    {
        var input = new Option<bool>("--input") { Description = "He is there when somebody types at a keyboard or terminal of the machine, or moves a pointer" };
        var load = new Option<string?>("--load") { HelpName = "CPUS", Description = "He is there when his own programs use so many CPUs, for example 0.5" };
        var hours = new Option<string?>("--hours") { HelpName = "TIMES", Description = "He is there at these times, for example \"mon-fri 8:00-18:00, sat 9-12\" (the machine's clock)" };
        var program = new Option<string?>("--command") { HelpName = "PATH", Description = "He is there when this program below /etc/isobar/ of the machine ends with 0; asked every 5 s" };
        var quiet = new Option<string?>("--quiet") { HelpName = "TIME", Description = "He is gone when nothing of that was so for this time (default 5min)" };
        var then = new Option<string?>("--then") { HelpName = "leave|freeze", Description = "What guests do meanwhile: leave for other machines, or stand still (default leave)" };
        var patience = new Option<string?>("--patience") { HelpName = "TIME", Description = "With --then freeze: after so long they leave, too" };
        var node = Node();
        var command = new Command("set", "Set the rules of one machine, all at once. Any one sign is enough.\n\nExample: isobar owner set --input --load 0.5 --quiet 2min --then freeze --node beta")
        {
            input, load, hours, program, quiet, then, patience, node,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            if (parsed.GetValue(then) is not (null or "leave" or "freeze"))
                throw new CommandException($"--then is leave or freeze, not \"{parsed.GetValue(then)}\".");
            if (parsed.GetValue(patience) is not null && parsed.GetValue(then) != "freeze")
                throw new CommandException("--patience is for guests that stand still: give --then freeze with it.");
            var parts = new List<string>();
            void Add(string name, string? value)
            {
                if (value is not null)
                    parts.Add($"{name} {value}");
            }

            if (parsed.GetValue(input))
                parts.Add("input");
            Add("load", parsed.GetValue(load));
            Add("hours", parsed.GetValue(hours));
            Add("command", parsed.GetValue(program));
            Add("quiet", parsed.GetValue(quiet));
            Add("then", parsed.GetValue(patience) is { } time ? $"freeze {time}" : parsed.GetValue(then));
            var rules = Parse(string.Join("; ", parts));
            var name = await NameAsync(parsed, node, cancellation);
            await SettingAsync(parsed, name, rules.ToString(), cancellation);
            Console.WriteLine($"{name}: {rules}");
            return ExitCodes.Success;
        });
        return command;
    }

    private static Command CreateShow()
    {
        var node = Node();
        var json = GlobalOptions.Json();
        var command = new Command("show", "Show the rules of a machine, and whether its owner is there.\n\nExample: isobar owner show --node beta") { node, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            var request = new OwnerRequest { Node = await NameAsync(parsed, node, cancellation) };
            var reply = await Daemon.CallAsync(parsed.SocketPath(), channel => new LocalBalance.LocalBalanceClient(channel).OwnerAsync(request, cancellationToken: cancellation));
            if (parsed.GetValue(json))
            {
                Console.WriteLine(JsonSerializer.Serialize(OwnerJson.From(request.Node, reply), BalanceJson.Default.OwnerJson));
            }
            else
            {
                foreach (var line in Lines(request.Node, reply))
                    Console.WriteLine(line);
            }

            return ExitCodes.Success;
        });
        return command;
    }

    private static Command CreateClear()
    {
        var node = Node();
        var command = new Command("clear", "Take the rules of a machine away: guests that stand still go on, and others may come.\n\nExample: isobar owner clear") { node };
        command.SetAction(async (parsed, cancellation) =>
        {
            var name = await NameAsync(parsed, node, cancellation);
            await SettingAsync(parsed, name, "", cancellation);
            Console.WriteLine($"{name} has no owner rules");
            return ExitCodes.Success;
        });
        return command;
    }

    internal static IEnumerable<string> Lines(string node, OwnerReply reply)
    {
        yield return reply.Rules.Length == 0 ? $"{node} has no owner rules: isobar owner set gives it some" : $"{node}: {reply.Rules}";
        var seen = reply.IdleSeconds < 0 ? "was never seen" : $"was seen {Quantity.Time(reply.IdleSeconds)} ago: {reply.Why}";
        if (reply.Rules.Length > 0)
            yield return reply.Present ? $"its owner is there; he {seen}" : $"its owner is away; he {seen}";
        yield return reply.InputIdleSeconds < 0 ? "last input: none" : $"last input: {Quantity.Time(reply.InputIdleSeconds)} ago";
        yield return string.Create(CultureInfo.InvariantCulture, $"his programs use {reply.Load:0.00} CPUs");
        yield return string.Create(CultureInfo.InvariantCulture, $"guests: {reply.Guests}, of which {reply.Suspended} stand still");
        if (reply.Trouble.Length > 0)
            yield return $"but {reply.Trouble}";
    }

    private static OwnerRules Parse(string text)
    {
        try
        {
            return OwnerRules.Parse(text);
        }
        catch (BalancingException e)
        {
            throw new CommandException(e.Message, e);
        }
    }

    /// <summary>The node that is meant: this one when none is named.</summary>
    internal static async Task<string> NameAsync(ParseResult parsed, Option<string?> node, CancellationToken cancellation) => parsed.GetValue(node)
        ?? (await Daemon.CallAsync(parsed.SocketPath(), channel => new LocalCluster.LocalClusterClient(channel).PingAsync(new PingRequest(), cancellationToken: cancellation))).Node;

    private static async Task SettingAsync(ParseResult parsed, string node, string value, CancellationToken cancellation)
    {
        var request = new SetSettingRequest { Name = "owner", Node = node, Value = value };
        await Daemon.CallAsync(parsed.SocketPath(), channel => new LocalBalance.LocalBalanceClient(channel).SetSettingAsync(request, cancellationToken: cancellation));
    }

    private static Option<string?> Node() => new("--node") { HelpName = "NODE", Description = "The machine (default: this one)" };
}

/// <summary>The answer as JSON.</summary>
internal sealed record OwnerJson(
    string Node, string? Rules, bool Present, double? IdleSeconds, string? Why, double? InputIdleSeconds, double Load, int Guests, int Suspended, string? Trouble)
{
    public static OwnerJson From(string node, OwnerReply reply) => new(
        node,
        reply.Rules.Length == 0 ? null : reply.Rules,
        reply.Present,
        reply.IdleSeconds < 0 ? null : Math.Round(reply.IdleSeconds, 3),
        reply.Why.Length == 0 ? null : reply.Why,
        reply.InputIdleSeconds < 0 ? null : Math.Round(reply.InputIdleSeconds, 3),
        Math.Round(reply.Load, 4),
        reply.Guests,
        reply.Suspended,
        reply.Trouble.Length == 0 ? null : reply.Trouble);
}
