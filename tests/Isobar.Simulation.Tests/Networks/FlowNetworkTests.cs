using Isobar.Simulation.Networks;

namespace Isobar.Simulation.Tests.Networks;

public sealed class FlowNetworkTests
{
    private static readonly Topology Links = new() { NodeBandwidth = 100, ClusterBandwidth = 60, ClusterSize = 4 };

    [Fact]
    public void A_flow_alone_gets_the_whole_link()
    {
        var network = new FlowNetwork(Links);
        network.Begin(0, 0, 1, 1000, 7);
        Assert.Equal(10, network.FirstFinish, 9);
        Assert.Equal([7], Finish(network, 10));
    }

    [Fact]
    public void Flows_out_of_one_node_share_its_uplink_and_take_over_what_is_left()
    {
        var network = new FlowNetwork(Links);
        network.Begin(0, 0, 1, 500, 1);
        network.Begin(0, 0, 2, 1000, 2);
        Assert.Equal(10, network.FirstFinish, 9);
        Assert.Equal([1], Finish(network, 10));
        Assert.Equal(15, network.FirstFinish, 9);
    }

    [Fact]
    public void Shares_are_max_min_fair()
    {
        // 0->1 and 0->2 share node 0's uplink (50 each); 3->2 takes the rest of node 2's downlink.
        var network = new FlowNetwork(Links);
        network.Begin(0, 0, 1, 1000, 1);
        network.Begin(0, 0, 2, 1000, 2);
        network.Begin(0, 3, 2, 1000, 3);
        Assert.Equal(20, network.FirstFinish, 9);
        Assert.Equal([1, 2, 3], Finish(network, 20));
    }

    [Fact]
    public void The_grid_link_is_shared_by_the_cluster()
    {
        var network = new FlowNetwork(Links);
        network.Begin(0, 0, 4, 300, 1);
        network.Begin(0, 1, 5, 300, 2);
        Assert.Equal(10, network.FirstFinish, 9);
    }

    [Fact]
    public void A_broken_flow_frees_its_share()
    {
        var network = new FlowNetwork(Links);
        network.Begin(0, 0, 1, 1000, 1);
        network.Begin(0, 0, 2, 1000, 2);
        var broken = new List<int>();
        network.Break(10, (_, target) => target == 2, broken);
        Assert.Equal([2], broken);
        Assert.Equal(15, network.FirstFinish, 9);
    }

    private static List<int> Finish(FlowNetwork network, double at)
    {
        var tags = new List<int>();
        network.Finish(at, tags);
        return tags;
    }
}
