using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Isobar.Node.Membership;
using Isobar.Node.Policies;

namespace Isobar.Node.Tests.Policies;

public sealed class NodeNumbersTests
{
    [Fact]
    public async Task Every_node_finds_the_same_numbers_and_addresses()
    {
        var roster = Of(("alpha", "00000001", 1), ("beta", "00000002", 2), ("gamma", "ffffffff", 3));
        var (one, two) = (NodeNumbers.Of(roster, "alpha"), NodeNumbers.Of(roster, "gamma"));
        await one.ResolveAsync(roster, AddressFamily.InterNetwork, TestContext.Current.CancellationToken);
        foreach (var name in (string[])["alpha", "beta", "gamma"])
        {
            Assert.Equal(one.NumberOf(name), two.NumberOf(name));
            Assert.Equal(name, one.NameOf(two.NumberOf(name)));
            Assert.True(one.IsMember(one.NumberOf(name)));
        }

        Assert.Equal(one.NumberOf("alpha"), one.Self);
        Assert.Equal(new IPEndPoint(IPAddress.Parse("10.0.0.2"), 7700).Serialize(), one.AddressOf(one.NumberOf("beta")));
        Assert.Null(one.AddressOf(one.Self));
        Assert.True(one.NumberOf("nobody").IsNone);
        Assert.Equal(3, one.Roster.Count);
    }

    [Fact]
    public void Two_with_the_same_beginning_of_the_fingerprint_still_differ_and_the_older_keeps_its_number()
    {
        var alone = NodeNumbers.Of(Of(("old", "0000abcd", 1)), "old");
        var both = NodeNumbers.Of(Of(("old", "0000abcd", 1), ("new", "0000abcd", 2)), "new");
        Assert.Equal(alone.NumberOf("old"), both.NumberOf("old"));
        Assert.NotEqual(both.NumberOf("old"), both.NumberOf("new"));
    }

    [Fact]
    public void Sites_are_groups_that_every_node_numbers_alike()
    {
        var roster = Of(("alpha", "00000001", 1), ("beta", "00000002", 2), ("gamma", "00000003", 3));
        string SiteOf(string node) => node == "alpha" ? "west" : "east";
        var (one, two) = (NodeNumbers.Of(roster, "alpha", SiteOf), NodeNumbers.Of(roster, "gamma", SiteOf));
        Assert.Equal(2, one.Roster.GroupCount);
        foreach (var name in (string[])["alpha", "beta", "gamma"])
            Assert.Equal(one.Roster.GroupOf(one.NumberOf(name)), two.Roster.GroupOf(two.NumberOf(name)));
        Assert.Equal(one.Roster.GroupOf(one.NumberOf("beta")), one.Roster.GroupOf(one.NumberOf("gamma")));
        Assert.NotEqual(one.Roster.GroupOf(one.NumberOf("beta")), one.Roster.GroupOf(one.NumberOf("alpha")));
        Assert.Equal(1, NodeNumbers.Of(roster, "alpha").Roster.GroupCount);
    }

    /// <summary>Whoever joins or leaves waits for it: not once for each name that nobody answers for.</summary>
    [Fact]
    public async Task Names_that_nobody_answers_for_do_not_hold_up_the_others()
    {
        var roster = Of([.. Enumerable.Range(1, 20).Select(i => ($"n{i}", i.ToString("x8", System.Globalization.CultureInfo.InvariantCulture), (long)i))]);
        roster = roster with { Nodes = roster.Nodes.SetItems(roster.Nodes.Values.Select(node => KeyValuePair.Create(node.Name, node with { Address = $"{node.Name}.example:7700" }))) };
        var numbers = NodeNumbers.Of(roster, "n1");
        var clock = System.Diagnostics.Stopwatch.StartNew();
        await numbers.ResolveAsync(
            roster,
            AddressFamily.InterNetwork,
            TestContext.Current.CancellationToken,
            async (host, _, cancellation) =>
            {
                if (host != "n20.example")
                    await Task.Delay(TimeSpan.FromMinutes(1), cancellation);
                return [IPAddress.Loopback];
            },
            TimeSpan.FromSeconds(0.2));
        Assert.InRange(clock.Elapsed.TotalSeconds, 0.1, 30);
        Assert.Equal(new IPEndPoint(IPAddress.Loopback, 7700).Serialize(), numbers.AddressOf(numbers.NumberOf("n20")));
        Assert.Null(numbers.AddressOf(numbers.NumberOf("n2")));
    }

    internal static Roster Of(params (string Name, string Fingerprint, long Joined)[] nodes) => Roster.Empty with
    {
        Nodes = nodes.Select((node, i) => new NodeRecord { Name = node.Name, Address = $"10.0.0.{i + 1}:7700", Fingerprint = node.Fingerprint.PadRight(64, '0'), JoinedUnixSeconds = node.Joined })
            .ToImmutableSortedDictionary(node => node.Name, node => node, StringComparer.Ordinal),
    };
}
