using CsCheck;
using Isobar.Balancing.Dissemination;
using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Tests.Dissemination;

/// <summary>What the protocols do at the limits of their periods, lists and messages.</summary>
public sealed class ProtocolBoundsTests
{
    private static readonly Instant Now = Instant.FromSeconds(1000);

    /// <summary>Ticks come a little early or late: a report that is due within half a tick is sent now, not a whole tick late.</summary>
    [Theory]
    [InlineData(57.4, 0)]
    [InlineData(57.6, 1)]
    public void A_report_goes_out_at_the_nearest_tick(double seconds, int sent)
    {
        DisseminationProtocol node = Create("central", 1, new RangeRoster(5), ("periodSeconds", 60), ("tickSeconds", 5));
        var random = new RandomSource(1);
        node.Publish(Entry(1));
        node.OnTick(Now, ref random, new NoOutbox());
        var outbox = new NoOutbox();
        node.OnTick(Now + seconds, ref random, outbox);
        Assert.Equal(sent, outbox.Sent);
    }

    [Theory]
    [InlineData(4.4, 3)]
    [InlineData(4.6, 3 + 2)]
    public void An_aggregate_goes_out_at_the_nearest_round(double seconds, int sent)
    {
        DisseminationProtocol leader = Create("hierarchical", 0, new RangeRoster(8, 4), ("periodSeconds", 1), ("outerPeriodSeconds", 5));
        var random = new RandomSource(1);
        leader.Publish(Entry(0));
        leader.OnTick(Now, ref random, new NoOutbox());
        var outbox = new NoOutbox();
        leader.OnTick(Now + seconds, ref random, outbox);
        Assert.Equal(sent, outbox.Sent);
    }

    [Fact]
    public void An_aggregate_goes_to_the_first_two_of_each_other_group_even_where_there_are_only_two()
    {
        DisseminationProtocol leader = Create("hierarchical", 0, new RangeRoster(6, 2));
        var random = new RandomSource(1);
        var outbox = new Recorder();
        leader.Publish(Entry(0));
        leader.OnTick(Now, ref random, outbox);
        Assert.Equal([1, 2, 3, 4, 5], outbox.Sent.Select(m => m.To).Order());
    }

    [Fact]
    public void A_master_of_many_nodes_sends_no_message_that_does_not_fit_into_a_datagram()
    {
        const int Nodes = 1500;
        DisseminationProtocol master = Create("star", 0, new RangeRoster(Nodes));
        for (int i = 1; i < Nodes; i++)
            Assert.True(master.View.Merge(Entry(i)));
        var random = new RandomSource(1);
        var outbox = new Recorder();
        master.Publish(Entry(0));
        master.OnTick(Now, ref random, outbox);
        Assert.All(outbox.Sent, m => Assert.InRange(m.Entries.Length, 1, 1400));
        Assert.Equal(Nodes, outbox.Sent.Where(m => m.To == 77).Sum(m => m.Entries.Length));
    }

    [Fact]
    public void Of_many_deaths_at_once_sixteen_go_first()
    {
        DisseminationProtocol node = Create("gossip", 0, new RangeRoster(21), ("window", 64), ("maxAgeSeconds", 30));
        for (int i = 1; i < 21; i++)
            Assert.True(node.View.Merge(Entry(i) with { Stamp = Now - 31 }));
        var random = new RandomSource(1);
        var outbox = new Recorder();
        node.Publish(Entry(0));
        node.OnTick(Now, ref random, outbox);
        Assert.Equal(16, Assert.Single(outbox.Sent).Entries.Count(e => e.Has(NodeFlags.Dead)));
    }

    [Fact]
    public void A_window_is_the_newest_entries_whatever_their_order() =>
        Gen.Shuffle(Enumerable.Range(1, 40).ToArray()).Sample(order =>
        {
            DisseminationProtocol node = Create("gossip", 0, new RangeRoster(41), ("window", 16), ("maxAgeSeconds", 1000));
            for (int i = 0; i < order.Length; i++)
                node.View.Merge(Entry(i + 1) with { Stamp = Now - order[i] });
            var random = new RandomSource(1);
            var outbox = new Recorder();
            node.Publish(Entry(0));
            node.OnTick(Now, ref random, outbox);
            LoadEntry[] sent = Assert.Single(outbox.Sent).Entries;
            Assert.Equal(0, sent[0].Node.Value);
            Assert.Equal(Enumerable.Range(1, 15), sent[1..].Select(e => (int)e.Age(Now)).Order());
        });

    /// <summary>One of twenty is alive: any node with 1/5, else eight draws for a living one, and anybody when they fail: 0.01 + 0.8 (0.337 + 0.663 / 20) = 0.306.</summary>
    [Fact]
    public void A_living_node_is_drawn_for_eight_times()
    {
        DisseminationProtocol node = Create("gossip", 0, new RangeRoster(21));
        for (int i = 1; i < 21; i++)
            Assert.True(node.View.Merge(Entry(i) with { Flags = i == 1 ? NodeFlags.None : NodeFlags.Dead }));
        node.Publish(Entry(0));
        Assert.Equal(0.306, ShareOf(node, message: 0, target: 1), 0.02);
    }

    /// <summary>Sixteen of seventeen others are recent: sixteen draws find the one that is not with 1 - (16/17)^16 = 0.621; else a recent one gets the message.</summary>
    [Fact]
    public void A_node_that_was_not_heard_of_is_drawn_for_sixteen_times()
    {
        DisseminationProtocol node = Create("two-random", 0, new RangeRoster(18), ("vector", 16));
        for (int i = 1; i < 17; i++)
            Assert.True(node.View.Merge(Entry(i)));
        node.Publish(Entry(0));
        Assert.Equal(0.621, ShareOf(node, message: 1, target: 17), 0.02);
    }

    [Fact]
    public void Piggyback_remembers_the_last_eight_peers_to_whom_something_rode()
    {
        DisseminationProtocol node = Create("piggyback", 0, new RangeRoster(20));
        node.Publish(Entry(0));
        var room = new LoadEntry[4];
        for (int peer = 1; peer <= 9; peer++)
            Assert.Equal(1, node.Attach(Now, new NodeId(peer), room));
        Assert.Equal(0, node.Attach(Now, new NodeId(9), room));
        Assert.Equal(0, node.Attach(Now, new NodeId(2), room));
        Assert.Equal(1, node.Attach(Now, new NodeId(1), room));
    }

    /// <summary>Nine tenths of a second are not the second after which datagrams go out; a rounding error is.</summary>
    [Theory]
    [InlineData(0.95, 0)]
    [InlineData(0.9999999, 2)]
    public void Piggyback_waits_for_the_whole_silence(double silence, int sent)
    {
        DisseminationProtocol node = Create("piggyback", 0, new RangeRoster(20));
        node.Publish(Entry(0));
        Assert.Equal(1, node.Attach(Now, new NodeId(1), new LoadEntry[4]));
        var random = new RandomSource(1);
        var outbox = new NoOutbox();
        node.OnTick(Now + silence, ref random, outbox);
        Assert.Equal(sent, outbox.Sent);
    }

    [Fact]
    public void Gossip_settings_made_in_code_are_those_of_the_policy()
    {
        var made = new GossipSettings();
        var declared = new ParameterValues("test", "gossip", GossipSettings.Policy.Parameters, []);
        Assert.Equal(
            (declared["periodSeconds"], declared.Whole("window"), declared["windowAgeSeconds"], declared["wantedMeanAgeSeconds"], declared.Whole("maxWindow")),
            (made.PeriodSeconds, made.Window, made.WindowAgeSeconds, made.WantedMeanAgeSeconds, made.MaxWindow));
        Assert.Equal(
            (declared["maxAgeSeconds"], declared.Whole("vector"), declared.Whole("anyOneIn"), declared.On("anyNode"), declared.On("pushPull")),
            (made.MaxAgeSeconds, made.Vector, made.AnyOneIn, made.AnyNode, made.PushPull));
        Assert.Equal((declared["urgentChange"], declared.Whole("changeFanout")), (made.UrgentChange, made.ChangeFanout));
    }

    private static double ShareOf(DisseminationProtocol node, int message, int target)
    {
        const int Draws = 20_000;
        var random = new RandomSource(1);
        int hits = 0;
        for (int i = 0; i < Draws; i++)
        {
            var outbox = new Recorder();
            node.OnTick(Now, ref random, outbox);
            hits += outbox.Sent[message].To == target ? 1 : 0;
        }

        return (double)hits / Draws;
    }

    private static DisseminationProtocol Create(string policy, int self, Roster roster, params (string Name, double Value)[] parameters) =>
        Policies.Dissemination.Bind(policy, "test", parameters.Select(p => KeyValuePair.Create(p.Name, p.Value)))(new NodeId(self), roster);

    private static LoadEntry Entry(int node) => new()
    {
        Node = new NodeId(node),
        Sequence = 1,
        Stamp = Now,
        Cores = 1,
        Speed = 1,
        SlowestSpeed = 1,
        Capacity = 1,
    };

    private sealed class Recorder : IOutbox
    {
        public List<(int To, LoadEntry[] Entries)> Sent { get; } = [];

        public void Send(NodeId target, in LoadMessage message) => Sent.Add((target.Value, message.Entries.ToArray()));
    }
}
