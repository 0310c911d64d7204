using Isobar.Balancing.Dissemination;
using Isobar.Balancing.Load;

namespace Isobar.Balancing.Tests.Dissemination;

public sealed class ProtocolTests
{
    [Fact]
    public void Broadcast_sends_n_times_n_minus_one_and_all_know_all()
    {
        var net = new ProtocolNet(10, "broadcast");
        net.Round(1);
        Assert.Equal(90, net.Messages);
        Assert.Equal((0, 0, 1.0), net.Ages());
    }

    [Fact]
    public void Multicast_stays_in_the_group()
    {
        var net = new ProtocolNet(10, "multicast", groupSize: 4);
        net.Round(1);
        Assert.Equal(4 * 3 + 4 * 3 + 2 * 1, net.Messages);
        Assert.All(net.Nodes, n => Assert.All(n.View.Entries.ToArray(), e => Assert.Equal(n.Self.Value / 4, e.Node.Value / 4)));
    }

    [Fact]
    public void Two_random_sends_two_small_messages_a_second_to_different_nodes()
    {
        var net = new ProtocolNet(50, "two-random");
        for (int i = 0; i < 20; i++)
            net.Round(1);
        Assert.Equal(50 * 20 * 2, net.Messages);
        Assert.All(net.Log, m => Assert.Equal(1, m.Entries));
        for (int i = 0; i < net.Log.Count; i += 2)
            Assert.NotEqual(net.Log[i].To, net.Log[i + 1].To);
        Assert.All(net.Nodes, n => Assert.Equal(8, n.View.Count));
    }

    [Fact]
    public void Two_random_sends_one_to_a_recent_node_and_one_to_another()
    {
        var net = new ProtocolNet(60, "two-random", parameters: ("recentSeconds", 3));
        for (int i = 0; i < 20; i++)
            net.Round(1);
        var random = new RandomSource(9);
        for (int trial = 0; trial < 200; trial++)
        {
            DisseminationProtocol node = net.Nodes[trial % 60];
            NodeId[] recent = [.. node.View.Entries.ToArray().Where(e => e.Age(net.Now) <= 3).Select(e => e.Node)];
            Assert.NotEmpty(recent);
            var outbox = new Targets();
            node.OnTick(net.Now, ref random, outbox);
            Assert.Equal(2, outbox.To.Count);
            Assert.Contains(outbox.To[0], recent);
            Assert.DoesNotContain(outbox.To[1], recent);
        }
    }

    [Fact]
    public void Pull_asks_everybody_or_as_many_as_it_is_told()
    {
        var all = new ProtocolNet(8, "pull");
        all.Round(1);
        Assert.Equal(8 * 7 * 2, all.Messages);
        Assert.Equal((0, 0, 1.0), all.Ages());
        var few = new ProtocolNet(8, "pull", parameters: ("fanout", 2));
        few.Round(1);
        Assert.Equal(8 * 2 * 2, few.Messages);
    }

    [Fact]
    public void A_star_tells_all_to_all_through_the_master_with_two_messages_per_node()
    {
        var net = new ProtocolNet(12, "star");
        for (int i = 0; i < 3; i++)
            net.Round(1);
        net.Log.Clear();
        net.Round(1);
        Assert.Equal(11 + 11, net.Log.Count);
        Assert.All(net.Nodes, n => Assert.Equal(11, n.View.Count));
        Assert.True(net.Ages().Mean <= 1);
    }

    [Fact]
    public void When_the_master_is_silent_the_next_one_takes_over_and_gives_back()
    {
        var net = new ProtocolNet(6, "star", parameters: ("timeoutSeconds", 3));
        for (int i = 0; i < 3; i++)
            net.Round(1);
        Assert.All(net.Nodes, n => Assert.Equal(0, ((Star)n).Master.Value));
        net.Down.Add(0);
        for (int i = 0; i < 6; i++)
            net.Round(1);
        Assert.All(net.Nodes.Skip(1), n => Assert.Equal(1, ((Star)n).Master.Value));
        Assert.All(net.Nodes.Skip(1), n => Assert.True(n.View[n.View.IndexOf(new NodeId(n.Self.Value == 5 ? 4 : 5))].Age(net.Now) <= 1));
        net.Down.Remove(0);
        for (int i = 0; i < 3; i++)
            net.Round(1);
        Assert.All(net.Nodes, n => Assert.Equal(0, ((Star)n).Master.Value));
    }

    [Fact]
    public void A_central_manager_hears_each_period_and_at_once_when_an_owner_comes()
    {
        var net = new ProtocolNet(5, "central", parameters: [("periodSeconds", 60), ("tickSeconds", 5)]);
        for (int i = 0; i < 12; i++)
            net.Round(5);
        Assert.Equal(4, net.Log.Count(m => m.Kind == MessageKind.Report));
        Assert.Equal(4, net.Nodes[0].View.Count);
        Assert.Equal(1, net.Nodes[3].View.Count);
        net.Log.Clear();
        net.Flags[2] = NodeFlags.OwnerPresent;
        net.Round(5);
        Assert.Contains(net.Log, m => m.From.Value == 2 && m.Kind == MessageKind.Report);
        Assert.True(net.Nodes[0].View[net.Nodes[0].View.IndexOf(new NodeId(2))].Has(NodeFlags.OwnerPresent));
    }

    [Fact]
    public void Two_levels_know_all_of_the_group_and_the_best_of_each_other_group()
    {
        var net = new ProtocolNet(12, "hierarchical", groupSize: 4);
        for (int i = 0; i < 12; i++)
            net.Ready[i] = 5;
        net.Ready[6] = 1;
        for (int i = 0; i < 12; i++)
            net.Round(1);
        LoadEntry[] seen = net.Nodes[1].View.Entries.ToArray();
        Assert.Equal(3 + 2, seen.Length);
        LoadEntry aggregate = seen.Single(e => e.Node.Value is >= 4 and < 8);
        Assert.Equal(6, aggregate.Node.Value);
        Assert.True(aggregate.Has(NodeFlags.Aggregate));
        Assert.Equal(4, aggregate.Load);

        // The best member changes: the former one is forgotten.
        net.Ready[6] = 9;
        net.Ready[5] = 0;
        for (int i = 0; i < 12; i++)
            net.Round(1);
        Assert.Equal([5], net.Nodes[1].View.Entries.ToArray().Where(e => e.Node.Value is >= 4 and < 8).Select(e => e.Node.Value));
        Assert.True(net.Log.Count < 12 * 24 * 2);
    }

    [Fact]
    public void Piggyback_sends_no_datagram_while_other_traffic_flows()
    {
        var net = new ProtocolNet(6, "piggyback");
        var room = new LoadEntry[4];
        for (int i = 0; i < 20; i++)
        {
            foreach (DisseminationProtocol node in net.Nodes)
            {
                node.Publish(net.Entry(node.Self.Value));
                var peer = new NodeId((node.Self.Value + 1 + i % 5) % 6);
                int count = node.Attach(net.Now, peer, room);
                Assert.InRange(count, 1, 3);
                Assert.DoesNotContain(room.Take(count), e => e.Node == peer);
                net.Nodes[peer.Value].OnAttached(net.Now, node.Self, room.AsSpan(0, count));
                Assert.Equal(0, node.Attach(net.Now + 0.2, peer, room));
            }

            net.Round(0.9);
        }

        Assert.Equal(0, net.Messages);
        Assert.All(net.Nodes, n => Assert.Equal(5, n.View.Count));
    }

    [Fact]
    public void Piggyback_falls_back_to_datagrams_after_a_second_of_silence_unless_told_never_to()
    {
        var net = new ProtocolNet(6, "piggyback");
        net.Round(1);
        Assert.Equal(12, net.Messages);
        var never = new ProtocolNet(6, "piggyback", parameters: ("fallbackSeconds", 0));
        never.Round(1);
        Assert.Equal(0, never.Messages);
    }

    [Fact]
    public void A_node_alone_talks_to_nobody()
    {
        foreach (string policy in new[] { "broadcast", "multicast", "two-random", "gossip", "pull", "star", "central", "hierarchical", "piggyback", "none" })
        {
            var net = new ProtocolNet(1, policy);
            net.Round(60);
            net.Round(60);
            Assert.Equal(0, net.Messages);
        }
    }

    private sealed class Targets : IOutbox
    {
        public List<NodeId> To { get; } = [];

        public void Send(NodeId target, in LoadMessage message) => To.Add(target);
    }
}
