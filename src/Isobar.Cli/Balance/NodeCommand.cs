using System.CommandLine;
using System.Globalization;
using Isobar.Balancing;
using Isobar.Balancing.Consideration.Owners;
using Isobar.Cli.Jobs;
using Isobar.Cli.Terminal;
using Isobar.Protocol.Balance;
using Isobar.Protocol.Cluster;

namespace Isobar.Cli.Balance;

/// <summary>isobar node drain|undrain|block|unblock|expel|bring|reserve|unreserve [NODE]</summary>
internal static class NodeCommand
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(300);

    public static Command Create() => new("node", "Say what a machine may be used for: empty it, close it to guests, keep it for somebody.\n\nExample: isobar node drain beta")
    {
        CreateDrain(),
        CreateUndrain(),
        CreateSimple("block", "Let no guests come to a node, until `isobar node unblock`. Those that are there stay; jobs started there run there.", AdminAction.Block, "takes no guests"),
        CreateSimple("unblock", "Let guests come to a node again.", AdminAction.Unblock, "takes guests"),
        CreateExpel(),
        CreateBring(),
        CreateReserve(),
        CreateUnreserve(),
    };

    private static Command CreateDrain()
    {
        var node = Node("The node to empty");
        var wait = Wait(300);
        var shutdown = new Option<bool>("--shutdown") { Description = "Because the machine goes down: only guests leave (its own jobs end with it), and it is open again after the next boot" };
        var command = new Command("drain", "Move all jobs away from a node and let none come, until `isobar node undrain`. Jobs with --stay go too.\n\nExample: isobar node drain beta") { node, wait, shutdown };
        command.SetAction(async (parsed, cancellation) =>
        {
            var name = await NameAsync(parsed, node, cancellation);
            return parsed.GetValue(shutdown)
                ? await EmptyAsync(parsed, name, AdminAction.Close, parsed.GetValue(wait), reply => reply.Guests, "guests", "no guests and takes none", cancellation)
                : await EmptyAsync(parsed, name, AdminAction.Drain, parsed.GetValue(wait), reply => reply.Jobs, "jobs", "no jobs and takes none", cancellation);
        });
        return command;
    }

    private static Command CreateUndrain()
    {
        var node = Node("The node to open");
        var shutdown = new Option<bool>("--shutdown") { Description = "Only what `drain --shutdown` did" };
        var command = new Command("undrain", "Let jobs come to a node again.\n\nExample: isobar node undrain beta") { node, shutdown };
        command.SetAction(async (parsed, cancellation) =>
        {
            var name = await NameAsync(parsed, node, cancellation);
            await AskAsync(parsed, name, parsed.GetValue(shutdown) ? AdminAction.Reopen : AdminAction.Undrain, cancellation);
            Console.WriteLine($"{name} takes jobs");
            return ExitCodes.Success;
        });
        return command;
    }

    private static Command CreateExpel()
    {
        var node = Node("The node whose guests shall go");
        var wait = Wait(300);
        var command = new Command("expel", "Send the guests of a node away now. They may come back later: block the node first where they shall not.\n\nExample: isobar node expel beta") { node, wait };
        command.SetAction(async (parsed, cancellation) =>
        {
            var name = await NameAsync(parsed, node, cancellation);
            return await EmptyAsync(parsed, name, AdminAction.Expel, parsed.GetValue(wait), reply => reply.Guests, "guests", "no guests any more", cancellation);
        });
        return command;
    }

    private static Command CreateBring()
    {
        var node = Node("The home whose jobs shall come back");
        var command = new Command("bring", "Bring all jobs of a home back that are elsewhere. They may be moved again when another machine is better.\n\nExample: isobar node bring") { node };
        command.SetAction(async (parsed, cancellation) =>
        {
            var reply = await AskAsync(parsed, await NameAsync(parsed, node, cancellation), AdminAction.Bring, cancellation);
            foreach (var line in reply.Lines)
                Console.WriteLine(line);
            if (reply.Lines.Count == 0)
                Console.WriteLine("no job is elsewhere");
            return reply.Failures == 0 ? ExitCodes.Success : throw new CommandException(string.Create(CultureInfo.InvariantCulture, $"{reply.Failures} jobs did not come: the lines above say why."));
        });
        return command;
    }

    private static Command CreateReserve()
    {
        var node = Node("The node to keep");
        var user = new Option<string?>("--user") { HelpName = "USER", Description = "Keep it for jobs of this user, whatever their home" };
        var home = new Option<string?>("--home") { HelpName = "NODE", Description = "Keep it for jobs of this home, whatever their user" };
        var time = new Option<string>("--for") { HelpName = "TIME", Description = "How long, for example 90min or 8h (default 1h)", DefaultValueFactory = _ => "1h" };
        var command = new Command("reserve", "Keep a node for one user or one home: guests of others leave, and none come. Jobs whose home it is are not touched.\n\nExample: isobar node reserve beta --user anna --for 2h") { node, user, home, time };
        command.SetAction(async (parsed, cancellation) =>
        {
            if ((parsed.GetValue(user) is null) == (parsed.GetValue(home) is null))
                throw new CommandException("say for whom: give --user or --home, one of them.");
            var name = await NameAsync(parsed, node, cancellation);
            var until = DateTimeOffset.UtcNow.AddSeconds(Seconds(parsed.GetValue(time)!)).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
            var whom = parsed.GetValue(user) is { } wanted ? $"user {UserNames.NumberOf(wanted).ToString(CultureInfo.InvariantCulture)}" : $"node {parsed.GetValue(home)}";
            await SettingAsync(parsed, name, $"{whom} until {until}", cancellation);
            Console.WriteLine($"{name} is kept for {parsed.GetValue(user) ?? parsed.GetValue(home)} until {until}");
            return ExitCodes.Success;
        });
        return command;
    }

    private static Command CreateUnreserve()
    {
        var node = Node("The node that was kept");
        var command = new Command("unreserve", "End the reservation of a node.\n\nExample: isobar node unreserve beta") { node };
        command.SetAction(async (parsed, cancellation) =>
        {
            var name = await NameAsync(parsed, node, cancellation);
            await SettingAsync(parsed, name, "", cancellation);
            Console.WriteLine($"{name} is kept for nobody");
            return ExitCodes.Success;
        });
        return command;
    }

    private static Command CreateSimple(string verb, string help, AdminAction action, string done)
    {
        var node = Node("The node");
        var command = new Command(verb, $"{help}\n\nExample: isobar node {verb} beta") { node };
        command.SetAction(async (parsed, cancellation) =>
        {
            var name = await NameAsync(parsed, node, cancellation);
            await AskAsync(parsed, name, action, cancellation);
            Console.WriteLine($"{name} {done}");
            return ExitCodes.Success;
        });
        return command;
    }

    /// <summary>Orders it and looks until nobody is left there.</summary>
    private static async Task<int> EmptyAsync(
        ParseResult parsed, string node, AdminAction action, double wait, Func<AdminReply, int> left, string whom, string done, CancellationToken cancellation)
    {
        var until = DateTime.UtcNow.AddSeconds(wait);
        var count = left(await AskAsync(parsed, node, action, cancellation));
        while (count > 0 && DateTime.UtcNow < until)
        {
            await Task.Delay(LookEvery, cancellation);
            count = left(await AskAsync(parsed, node, AdminAction.Look, cancellation));
        }

        if (count == 0)
            Console.WriteLine($"{node} is empty: it has {done}");
        else
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count} {whom} are still on {node}"));
        return count == 0 || wait <= 0
            ? ExitCodes.Success
            : throw new CommandException(string.Create(CultureInfo.InvariantCulture, $"{count} {whom} have not left {node}: isobar why JOB tells what prevents it."));
    }

    private static double Seconds(string text)
    {
        try
        {
            return OwnerRules.ParseSeconds(text);
        }
        catch (BalancingException e)
        {
            throw new CommandException(e.Message, e);
        }
    }

    private static Task<AdminReply> AskAsync(ParseResult parsed, string node, AdminAction action, CancellationToken cancellation) =>
        Daemon.CallAsync(parsed.SocketPath(), channel => new LocalBalance.LocalBalanceClient(channel).AdminAsync(new AdminRequest { Node = node, Action = action }, cancellationToken: cancellation));

    private static Task<SetSettingReply> SettingAsync(ParseResult parsed, string node, string value, CancellationToken cancellation) =>
        Daemon.CallAsync(
            parsed.SocketPath(),
            channel => new LocalBalance.LocalBalanceClient(channel).SetSettingAsync(new SetSettingRequest { Name = "reserve", Node = node, Value = value }, cancellationToken: cancellation));

    private static async Task<string> NameAsync(ParseResult parsed, Argument<string?> node, CancellationToken cancellation) => parsed.GetValue(node)
        ?? (await Daemon.CallAsync(parsed.SocketPath(), channel => new LocalCluster.LocalClusterClient(channel).PingAsync(new PingRequest(), cancellationToken: cancellation))).Node;

    private static Argument<string?> Node(string description) => new("node") { Description = $"{description} (default: this one)", Arity = ArgumentArity.ZeroOrOne };

    private static Option<double> Wait(double seconds) =>
        new("--wait") { HelpName = "SECONDS", Description = string.Create(CultureInfo.InvariantCulture, $"How long to wait until it is empty; 0 = not at all (default {seconds})"), DefaultValueFactory = _ => seconds };
}
