using Isobar.Balancing.Dissemination;
using Isobar.Balancing.Load;

namespace Isobar.Balancing.Tests.Dissemination;

public sealed class GossipTests
{
    [Theory]
    [InlineData(64, 8)]
    [InlineData(256, 11)]
    [InlineData(1, 0)]
    public void Urgent_news_goes_first_for_the_published_number_of_sends(int nodes, int sends) =>
        Assert.Equal(sends, Gossip.UrgentSends(nodes));

    [Fact]
    public void One_message_per_node_and_step_with_the_own_entry_first()
    {
        var net = new ProtocolNet(20, "gossip", parameters: ("window", 8));
        for (int i = 0; i < 30; i++)
            net.Round(0.5);
        Assert.Equal(20 * 30, net.Messages);
        Assert.All(net.Log, m => Assert.InRange(m.Entries, 1, 8));
        Assert.Contains(net.Log, m => m.Entries == 8);
    }

    [Fact]
    public void A_silent_node_is_found_dead_and_found_alive_again()
    {
        var net = new ProtocolNet(16, "gossip", parameters: [("window", 8), ("maxAgeSeconds", 10)]);
        for (int i = 0; i < 40; i++)
            net.Round(0.5);
        net.Down.Add(3);
        for (int i = 0; i < 40; i++)
            net.Round(0.5);
        Assert.All(Alive(net), n => Assert.True(Knows(n, 3).Has(NodeFlags.Dead)));
        Assert.All(Alive(net).Where(n => n.Self.Value != 5), n => Assert.False(Knows(n, 5).Has(NodeFlags.Dead)));

        net.Down.Remove(3);
        for (int i = 0; i < 60; i++)
            net.Round(0.5);
        Assert.All(net.Nodes.Where((_, i) => i != 3), n => Assert.False(Knows(n, 3).Has(NodeFlags.Dead)));
    }

    [Fact]
    public void News_of_a_death_spreads_faster_than_the_maximal_age()
    {
        var net = new ProtocolNet(32, "gossip", parameters: [("window", 4), ("maxAgeSeconds", 60)]);
        for (int i = 0; i < 200; i++)
            net.Round(0.5);
        net.Down.Add(7);

        // One node sees it; the others have younger entries of the dead one but hear the urgent news.
        LoadEntry dead = Knows(net.Nodes[0], 7);
        dead.Flags |= NodeFlags.Dead;
        dead.Sequence = 100_000;
        var random = new RandomSource(1);
        foreach (int told in new[] { 0, 1 })
            net.Nodes[told].OnMessage(net.Now, new NodeId(9), new LoadMessage(MessageKind.Push, [dead]), ref random, new NoOutbox());
        Assert.True(Knows(net.Nodes[0], 7).Has(NodeFlags.Dead));
        for (int i = 0; i < 3; i++)
            net.Round(0.5);
        int aware = net.Nodes.Count(n => n.Self.Value != 7 && Knows(n, 7).Has(NodeFlags.Dead));
        Assert.InRange(aware, 3, 31);
    }

    [Fact]
    public void Old_and_future_news_are_not_taken()
    {
        var net = new ProtocolNet(4, "gossip", parameters: ("maxAgeSeconds", 10));
        var random = new RandomSource(1);
        LoadEntry entry = net.Entry(2);
        entry.Stamp = net.Now - 11;
        Push(entry);
        Assert.Equal(-1, net.Nodes[0].View.IndexOf(new NodeId(2)));
        entry.Stamp = net.Now + 1;
        Push(entry);
        Assert.Equal(-1, net.Nodes[0].View.IndexOf(new NodeId(2)));
        entry.Stamp = net.Now - 9;
        Push(entry);
        Assert.Equal(0, net.Nodes[0].View.IndexOf(new NodeId(2)));
        LoadEntry own = net.Entry(0);
        Push(own);
        Assert.Equal(1, net.Nodes[0].View.Count);

        void Push(LoadEntry e) => net.Nodes[0].OnMessage(net.Now, new NodeId(1), new LoadMessage(MessageKind.Push, [e]), ref random, new NoOutbox());
    }

    [Fact]
    public void A_window_by_age_leaves_old_entries_out()
    {
        var net = new ProtocolNet(40, "gossip", parameters: [("window", 39), ("windowAgeSeconds", 0.6), ("maxAgeSeconds", 1000)]);
        for (int i = 0; i < 50; i++)
            net.Round(0.5);
        Assert.True(net.Log.Skip(40 * 20).Average(m => m.Entries) < 6);
    }

    [Fact]
    public void Push_pull_asks_the_node_of_which_the_news_is_oldest()
    {
        var net = new ProtocolNet(12, "gossip", parameters: [("window", 12), ("pushPull", 1), ("maxAgeSeconds", 1000)]);
        for (int i = 0; i < 20; i++)
            net.Round(0.5);
        Assert.Contains(net.Log, m => m.Kind == MessageKind.Pull);
        Assert.Equal(net.Log.Count(m => m.Kind == MessageKind.Pull), net.Log.Count(m => m.Kind == MessageKind.Reply));
        double half = net.Log.Count(m => m.Kind == MessageKind.Pull) / 240.0;
        Assert.InRange(half, 0.4, 0.6);
    }

    [Fact]
    public void A_core_that_becomes_free_is_told_to_more_nodes()
    {
        var net = new ProtocolNet(12, "gossip", parameters: [("changeFanout", 3)]);
        net.Ready[0] = 2;
        net.Round(0.5);
        net.Round(0.5);
        net.Log.Clear();
        net.Round(0.5);
        Assert.Equal(1, net.Log.Count(m => m.From.Value == 0));
        net.Ready[0] = 0;
        net.Log.Clear();
        net.Round(0.5);
        Assert.Equal(4, net.Log.Count(m => m.From.Value == 0));
    }

    [Fact]
    public void A_small_vector_in_a_large_cluster_stays_small_and_mixed()
    {
        var net = new ProtocolNet(300, "gossip", parameters: [("window", 8), ("vector", 16)]);
        for (int i = 0; i < 60; i++)
            net.Round(0.5);
        Assert.All(net.Nodes, n => Assert.Equal(16, n.View.Count));
        int known = net.Nodes.SelectMany(n => n.View.Entries.ToArray()).Select(e => e.Node).Distinct().Count();
        Assert.True(known > 290);
        Assert.True(net.Ages().Mean < 3);
    }

    private static IEnumerable<DisseminationProtocol> Alive(ProtocolNet net) => net.Nodes.Where(n => !net.Down.Contains(n.Self.Value));

    private static LoadEntry Knows(DisseminationProtocol node, int other)
    {
        Assert.True(node.View.TryGet(new NodeId(other), out LoadEntry entry));
        return entry;
    }
}
