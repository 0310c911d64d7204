using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Isobar.Cli.Balance;
using Isobar.Cli.Terminal;
using Isobar.Protocol.Cluster;

namespace Isobar.Cli.Nodes;

/// <summary>isobar nodes [--age] [--json]</summary>
internal static class NodesCommand
{
    public static Command Create()
    {
        var json = GlobalOptions.Json();
        var age = new Option<bool>("--age") { Description = "What this node knows of the others by gossip, and how old that is" };
        var command = new Command("nodes", "List the cluster's nodes: state, cores, speed, load, memory, kernel, jobs.\n\nExample: isobar nodes --json") { json, age };
        command.SetAction(async (parsed, cancellation) =>
        {
            if (parsed.GetValue(age))
                return await LoadsListing.ShowAsync(parsed.SocketPath(), parsed.GetValue(json), cancellation);
            var reply = await Daemon.CallAsync(parsed.SocketPath(), channel => new LocalCluster.LocalClusterClient(channel).NodesAsync(new NodesRequest(), cancellationToken: cancellation));
            if (parsed.GetValue(json))
                Console.WriteLine(JsonSerializer.Serialize([.. reply.Nodes.Select(NodeJson.From)], NodesJsonContext.Default.ListNodeJson));
            else
                Table(reply).Write(Console.Out);
            if (reply.RosterIsCached)
                await Console.Error.WriteLineAsync("isobar: the cluster's store does not answer; the list is the last one known.");
            return ExitCodes.Success;
        });
        return command;
    }

    internal static TextTable Table(NodesReply reply)
    {
        var table = new TextTable(
            new("NODE"), new("STATE"), new("ADDRESS"), new("CORES", true), new("SPEED", true), new("LOAD", true), new("FREE", true), new("MEMORY", true),
            new("JOBS", true), new("GUESTS", true), new("UP", true), new("KERNEL"));
        foreach (var node in reply.Nodes)
        {
            var status = node.Status;
            // What an unreachable node said last is no news.
            var paint = node.State == "unreachable" ? Paint.Faint : Paint.None;
            TextTable.Cell Of(Func<NodeStatus, string> value) => new(status is null ? "-" : value(status), paint);
            table.Add(
                node.IsSelf ? node.Name + "*" : node.Name,
                State(node),
                node.Address,
                Of(s => s.Cores.ToString(CultureInfo.InvariantCulture)),
                Of(s => s.Speed.ToString(CultureInfo.InvariantCulture)),
                Of(s => s.Load.ToString("0.0", CultureInfo.InvariantCulture)),
                Of(s => Quantity.Bytes(s.MemoryFreeBytes)),
                Of(s => Quantity.Bytes(s.MemoryTotalBytes)),
                Of(s => s.HomeJobs.ToString(CultureInfo.InvariantCulture)),
                Of(s => s.Guests.ToString(CultureInfo.InvariantCulture)),
                Of(s => Quantity.Time(s.UptimeSeconds)),
                Of(s => s.Kernel));
        }
        return table;
    }

    private static TextTable.Cell State(NodeLine node) => node.State switch
    {
        "up" when node.Status?.Flags.Count > 0 => new($"up, {string.Join(", ", node.Status.Flags)}", Paint.Yellow),
        "up" => new("up", Paint.Green),
        "unreachable" => new(node.LastSeenSeconds < 0 ? "unreachable" : $"unreachable, seen {Quantity.Time(node.LastSeenSeconds)} ago", Paint.Red),
        var other => new(other, Paint.Yellow),
    };
}
