using System.Globalization;
using System.Text.Json;
using Isobar.Cli.Terminal;
using Isobar.Protocol.Balance;

namespace Isobar.Cli.Balance;

/// <summary>isobar nodes --age: what this node knows of the others, and how old that is.</summary>
internal static class LoadsListing
{
    public static async Task<int> ShowAsync(string socket, bool json, CancellationToken cancellation)
    {
        var reply = await Daemon.CallAsync(socket, channel => new LocalBalance.LocalBalanceClient(channel).LoadsAsync(new LoadsRequest(), cancellationToken: cancellation));
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(LoadsJson.From(reply), BalanceJson.Default.LoadsJson));
            return ExitCodes.Success;
        }

        Table(reply).Write(Console.Out);
        Console.WriteLine(Sentence(reply));
        if (reply.Trouble.Length > 0)
            await Console.Error.WriteLineAsync($"isobar: {reply.Trouble}");
        return ExitCodes.Success;
    }

    internal static TextTable Table(LoadsReply reply)
    {
        var table = new TextTable(
            new("NODE"), new("AGE", true), new("READY", true), new("LOAD", true), new("CORES", true), new("CAPACITY", true), new("FREE", true), new("GUESTS", true), new("SAYS"));
        foreach (var node in reply.Nodes)
        {
            string Of(FormattableString text) => node.IsKnown ? text.ToString(CultureInfo.InvariantCulture) : "-";
            table.Add(
                node.IsSelf ? node.Node + "*" : node.Node,
                Of($"{node.AgeSeconds:0.0} s"),
                Of($"{node.Ready:0.0}"),
                Of($"{node.Load:0.00}"),
                Of($"{node.Cores}"),
                Of($"{node.Capacity:0.00}"),
                node.IsKnown ? Quantity.Bytes(node.FreeMemoryBytes) : "-",
                Of($"{node.Guests}"),
                node.IsKnown ? string.Join(", ", node.Flags) : "nothing known");
        }

        return table;
    }

    internal static string Sentence(LoadsReply reply)
    {
        var gossip = reply.Gossip ?? new GossipCounts();
        var dropped = gossip.Forged + gossip.Replayed + gossip.Strangers + gossip.UnknownKey + gossip.Malformed;
        var words = string.Create(
            CultureInfo.InvariantCulture,
            $"profile {reply.Profile}, {reply.Dissemination} every {reply.PeriodSeconds:0.###} s; {gossip.Sent} datagrams sent ({Quantity.Bytes(gossip.SentBytes)}), {gossip.Received} received ({Quantity.Bytes(gossip.ReceivedBytes)}), {dropped} dropped");
        if (gossip.RodeSent + gossip.RodeReceived > 0)
            words += string.Create(CultureInfo.InvariantCulture, $"; {gossip.RodeSent} entries rode out on other messages ({Quantity.Bytes(gossip.RodeSentBytes)}), {gossip.RodeReceived} rode in");
        return dropped == 0 ? words : string.Create(
            CultureInfo.InvariantCulture,
            $"{words} ({gossip.Forged} forged, {gossip.Replayed} replayed, {gossip.Strangers} of strangers, {gossip.UnknownKey} with an unknown key, {gossip.Malformed} malformed)");
    }
}

/// <summary>The same as JSON.</summary>
internal sealed record LoadsJson(string Profile, string Dissemination, double PeriodSeconds, IReadOnlyList<LoadJson> Nodes, GossipJson Gossip)
{
    public static LoadsJson From(LoadsReply reply) => new(
        reply.Profile, reply.Dissemination, reply.PeriodSeconds, [.. reply.Nodes.Select(LoadJson.From)], GossipJson.From(reply.Gossip ?? new GossipCounts()));
}

internal sealed record LoadJson(
    string Name, bool Self, double? AgeSeconds, double? Load, double? Ready, int? Cores, double? Capacity, long? MemoryFreeBytes, long? MemoryTotalBytes, int? Guests, IReadOnlyList<string> Flags)
{
    public static LoadJson From(LoadLine line) => line.IsKnown
        ? new(
            line.Node, line.IsSelf, Math.Round(line.AgeSeconds, 3), Math.Round(line.Load, 4), Math.Round(line.Ready, 3), line.Cores, Math.Round(line.Capacity, 4),
            line.FreeMemoryBytes, line.TotalMemoryBytes, line.Guests, [.. line.Flags])
        : new(line.Node, line.IsSelf, null, null, null, null, null, null, null, null, []);
}

internal sealed record GossipJson(
    long Sent, long SentBytes, long Received, long ReceivedBytes, long Forged, long Replayed, long Strangers, long UnknownKey, long Malformed, long Unsent, uint Key, long KeyAgeSeconds, long RodeSent, long RodeSentBytes, long RodeReceived)
{
    public static GossipJson From(GossipCounts counts) => new(
        counts.Sent, counts.SentBytes, counts.Received, counts.ReceivedBytes, counts.Forged, counts.Replayed, counts.Strangers, counts.UnknownKey, counts.Malformed, counts.Unsent,
        counts.Key, counts.KeyAgeSeconds, counts.RodeSent, counts.RodeSentBytes, counts.RodeReceived);
}
