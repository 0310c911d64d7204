using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using Isobar.Cli.Terminal;
using Isobar.Protocol.Balance;

namespace Isobar.Cli.Balance;

/// <summary>isobar config get|set|unset</summary>
internal static class ConfigCommand
{
    public static Command Create() => new("config", "Read and change the settings of the cluster, or of one node.\n\nExample: isobar config set profile openmosix")
    {
        CreateGet(),
        CreateSet("set", "Give a setting a value: for the whole cluster, or for one node.\n\nExample: isobar config set moves-at-once 4 --node beta", hasValue: true),
        CreateSet("unset", "Give a setting its default again.\n\nExample: isobar config unset profile", hasValue: false),
    };

    private static Command CreateGet()
    {
        var name = new Argument<string?>("name") { Description = "A setting's name (default: all)", Arity = ArgumentArity.ZeroOrOne };
        var node = Node();
        var json = GlobalOptions.Json();
        var command = new Command("get", "Show the settings, or the value of one of them.\n\nExample: isobar config get profile") { name, node, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            var reply = await Daemon.CallAsync(parsed.SocketPath(), channel => new LocalBalance.LocalBalanceClient(channel).GetSettingsAsync(new GetSettingsRequest(), cancellationToken: cancellation));
            if (parsed.GetValue(json))
                Console.WriteLine(JsonSerializer.Serialize([.. reply.Settings.Select(SettingJson.From)], BalanceJson.Default.ListSettingJson));
            else if (parsed.GetValue(name) is { } wanted)
                Console.WriteLine(ValueOf(reply, wanted, parsed.GetValue(node) ?? ""));
            else
                Table(reply).Write(Console.Out);
            return ExitCodes.Success;
        });
        return command;
    }

    private static Command CreateSet(string verb, string help, bool hasValue)
    {
        var name = new Argument<string>("name") { Description = "The setting; isobar config get lists all" };
        var value = new Argument<string>("value") { Description = "Its new value; for profile also the path of a JSON file" };
        var node = Node();
        var command = new Command(verb, help) { name };
        if (hasValue)
            command.Add(value);
        command.Add(node);
        command.SetAction(async (parsed, cancellation) =>
        {
            var text = hasValue ? parsed.GetValue(value)! : "";
            // A profile of one's own goes to the cluster with its text: the other machines do not have the file.
            if (parsed.GetValue(name) == "profile" && text.EndsWith(".json", StringComparison.Ordinal))
                text = await File.ReadAllTextAsync(text, cancellation);
            var request = new SetSettingRequest { Name = parsed.GetValue(name)!, Node = parsed.GetValue(node) ?? "", Value = text };
            await Daemon.CallAsync(parsed.SocketPath(), channel => new LocalBalance.LocalBalanceClient(channel).SetSettingAsync(request, cancellationToken: cancellation));
            return ExitCodes.Success;
        });
        return command;
    }

    /// <summary>The value that holds for a node, or for the cluster.</summary>
    internal static string ValueOf(GetSettingsReply reply, string name, string node)
    {
        var lines = reply.Settings.Where(line => line.Name == name).ToList();
        var found = lines.FirstOrDefault(line => node.Length > 0 && line.Node == node) ?? lines.FirstOrDefault(line => line.Node.Length == 0);
        return found?.Value ?? throw new CommandException($"there is no setting {name}: isobar config get lists all.");
    }

    internal static TextTable Table(GetSettingsReply reply)
    {
        var table = new TextTable(new("SETTING"), new("FOR"), new("VALUE"), new("MEANING"));
        foreach (var line in reply.Settings)
        {
            // Only the name of a profile of one's own fits into a line.
            var value = line.Value.TrimStart().StartsWith('{') ? "(JSON)" : line.Value;
            table.Add(line.Name, line.Node.Length == 0 ? "all" : line.Node, line.IsDefault ? new(value, Paint.Faint) : new(value), line.Meaning);
        }

        return table;
    }

    private static Option<string?> Node() => new("--node") { HelpName = "NODE", Description = "For this node only" };
}

/// <summary>A setting in the output of <c>isobar config get --json</c>.</summary>
internal sealed record SettingJson(string Name, string? Node, string Value, bool Default)
{
    public static SettingJson From(SettingLine line) => new(line.Name, line.Node.Length == 0 ? null : line.Node, line.Value, line.IsDefault);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(List<SettingJson>))]
[JsonSerializable(typeof(LoadsJson))]
[JsonSerializable(typeof(WhyJson))]
[JsonSerializable(typeof(OwnerJson))]
internal sealed partial class BalanceJson : JsonSerializerContext;
