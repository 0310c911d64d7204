using Isobar.Balancing.Consideration;
using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Tests.Consideration;

public sealed class CentralTests
{
    [Fact]
    public void A_manager_lets_each_decision_count_before_the_next_so_no_herd_forms()
    {
        // Three crowded nodes see one and the same empty node: alone each would send a job there.
        CentralNode[] nodes = [Node(0, 3), Node(1, 3), Node(2, 3), Node(3, 0)];
        var central = new CentralConsideration(_ => new RuleChain(Scene.Rule("lifetime", ("periodic", 1), ("minGain", 1))));
        var plan = new Plan();
        var random = new RandomSource(1);
        central.Decide(Scene.Start, nodes, new RangeRoster(4), CostModel.Modern, Trigger.Periodic, ref random, plan);
        Assert.InRange(plan.Actions.Length, 2, 2);
        Assert.All(plan.Actions.ToArray(), a => Assert.Equal(3, a.To.Value));
        Assert.Equal(2, plan.Actions.ToArray().Select(a => a.From).Distinct().Count());
        Assert.Equal(2, nodes[3].Entry.Ready);
        Assert.Equal(9, nodes.Sum(n => n.Entry.Ready));

        int alone = 0;
        foreach (CentralNode node in new[] { Node(0, 3), Node(1, 3), Node(2, 3) })
            alone += new Scene().WithJobs([.. node.Jobs]).WithOthers(Scene.Machine(3, 0)).Decide(Scene.Rule("lifetime", ("periodic", 1))).Actions.Length;
        Assert.Equal(3, alone);
    }

    [Fact]
    public void Placements_of_a_manager_count_at_once()
    {
        CentralNode[] nodes = [Node(0, 1), Node(1, 0), Node(2, 0)];
        var central = new CentralConsideration(ProfileReader.Load("glunix").CreateRules);
        var random = new RandomSource(1);
        var targets = new HashSet<int>();
        for (int i = 0; i < 2; i++)
            targets.Add(central.Place(Scene.Start, nodes, 0, Scene.Job(50 + i, 0, 100), new RangeRoster(3), CostModel.Modern, ref random).Target.Value);
        Assert.Equal([1, 2], targets.Order());
        Assert.Equal([1, 1, 1], nodes.Select(n => n.Entry.Ready));
        Assert.Equal([8192u, 8192 - 100, 8192 - 100], nodes.Select(n => n.Entry.FreeMemoryMiB));
    }

    [Fact]
    public void Every_node_keeps_its_own_rules()
    {
        var central = new CentralConsideration(ProfileReader.Load("round-robin").CreateRules);
        Assert.Same(central.RulesOf(new NodeId(1)), central.RulesOf(new NodeId(1)));
        Assert.NotSame(central.RulesOf(new NodeId(1)), central.RulesOf(new NodeId(2)));
    }

    private static CentralNode Node(int id, int jobs)
    {
        var node = new CentralNode
        {
            Entry = Scene.Machine(id, jobs),
            State = new NodeState { ReadyNow = jobs, LocalReady = jobs, LocalLoad = jobs, IsLoadPerCapacity = true },
        };
        for (int i = 0; i < jobs; i++)
            node.Jobs.Add(Scene.Job(id * 10 + i, 100) with { Node = new NodeId(id), Home = new NodeId(id) });
        return node;
    }
}
