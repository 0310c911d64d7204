using CsCheck;
using Isobar.Balancing.Consideration;
using Isobar.Balancing.Consideration.Balance;
using Isobar.Balancing.Load;

namespace Isobar.Balancing.Tests.Consideration;

public sealed class OpportunityCostTests
{
    /// <summary>systems.md A4: n = 16, L = 4.</summary>
    [Theory]
    [InlineData(3, 0.5, 0.08, 8.993)]
    [InlineData(1, 0.9, 0.08, 5.011)]
    public void The_published_vector_of_marginal_costs(double load, double memory, double share, double marginal)
    {
        var cost = new OpportunityCost(16, 4);
        Assert.Equal(marginal, cost.Marginal(load, memory, 1, share), 0.001);
    }

    [Fact]
    public void Overcommitted_memory_costs_without_limit()
    {
        var cost = new OpportunityCost(16, 4);
        Assert.Equal(14.32, cost.MarginalUnbounded(2, 0.95, 1, 0.20), 0.01);
        Assert.Equal(double.PositiveInfinity, cost.Marginal(2, 0.95, 1, 0.20));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(1.01, 2)]
    [InlineData(4, 4)]
    [InlineData(5, 8)]
    public void The_scale_doubles(double largest, double scale) => Assert.Equal(scale, OpportunityCost.ScaleFor(largest));

    [Fact]
    public void Costs_are_convex_so_the_second_job_costs_more() =>
        Gen.Select(Gen.Double[2, 1000], Gen.Double[0, 3], Gen.Double[0, 0.4]).Sample((nodes, load, memory) =>
        {
            var cost = new OpportunityCost(nodes, 4);
            double first = cost.Marginal(load, memory, 0.5, 0.1);
            double second = cost.Marginal(load + 0.5, memory + 0.1, 0.5, 0.1);
            Assert.True(second > first);
        });

    [Fact]
    public void A_new_job_goes_where_it_costs_least_by_cpu_and_memory()
    {
        // The node B of the vector: less load, more memory used.
        LoadEntry a = Scene.Machine(1, 3) with { TotalMemoryMiB = 1000, FreeMemoryMiB = 500 };
        LoadEntry b = Scene.Machine(2, 1) with { TotalMemoryMiB = 1000, FreeMemoryMiB = 100 };
        Scene scene = new Scene { Roster = new RangeRoster(16) }.SetReady(4).WithOthers(a, b);
        Placement placement = scene.Place(Scene.Rule("opportunity-cost"), Scene.Job(1, 0, 80));
        Assert.Equal(2, placement.Target.Value);
        Assert.Equal(5.011, placement.Reason.A, 0.001);
        Assert.Equal((16.0, 4.0), (placement.Reason.C, placement.Reason.D));
        Assert.Equal(1, scene.Place(Scene.Rule("opportunity-cost"), Scene.Job(1, 0, 120)).Target.Value);
    }

    [Fact]
    public void Jobs_are_reassigned_while_that_lowers_the_cost_and_pays()
    {
        Scene scene = new Scene().WithJobs(Scene.Job(1, 100), Scene.Job(2, 100), Scene.Job(3, 100)).WithOthers(Scene.Machine(1, 0));
        Assert.Equal(1, scene.Single(Scene.Rule("opportunity-cost")).To.Value);
        Assert.Equal(0, scene.Decide(Scene.Rule("opportunity-cost", ("reassign", 0))).Actions.Length);
        scene.Others[0] = Scene.Machine(1, 2);
        Assert.Equal(0, scene.Decide(Scene.Rule("opportunity-cost")).Actions.Length);

        // Young jobs are not worth the move unless the guard is off, as in the paper.
        Scene young = new Scene().WithJobs(Scene.Job(1, 0.5), Scene.Job(2, 0.5)).WithOthers(Scene.Machine(1, 0));
        Assert.Equal(0, young.Decide(Scene.Rule("opportunity-cost")).Actions.Length);
        Assert.Equal(1, young.Decide(Scene.Rule("opportunity-cost", ("guard", 0))).Actions.Length);
        Assert.Equal(0, young.Decide(Scene.Rule("opportunity-cost", ("guard", 0), ("factor", 0.05))).Actions.Length);
    }

    [Fact]
    public void The_scale_remembers_the_largest_load_seen()
    {
        ConsiderationRule rule = Scene.Rule("opportunity-cost");
        Scene scene = new Scene().SetReady(0).WithOthers(Scene.Machine(1, 7));
        Assert.Equal(8, scene.Place(rule, Scene.Job(1, 0)).Reason.D);
        scene.Others[0] = Scene.Machine(1, 0);
        Assert.Equal(8, scene.Place(rule, Scene.Job(1, 0)).Reason.D);
    }

    /// <summary>The first row of the vector, with the machine itself as A: load 3, half of its memory used, and a job of 8 per cent.</summary>
    [Fact]
    public void The_own_memory_costs_as_that_of_others()
    {
        Scene scene = new Scene { Roster = new RangeRoster(16) };
        scene.Self.TotalMemoryMiB = 1000;
        scene.State.TotalMemoryBytes = 1000L << 20;
        scene.State.FreeMemoryBytes = 500L << 20;
        scene.SetReady(3).WithOthers(Scene.Machine(1, 4));
        Assert.Equal(8.993, scene.Place(Scene.Rule("opportunity-cost"), Scene.Job(1, 0, 80)).Reason.B, 0.001);
    }

    [Fact]
    public void A_machine_that_tells_more_free_memory_than_it_has_counts_as_empty()
    {
        LoadEntry empty = Scene.Machine(1, 0) with { TotalMemoryMiB = 1000, FreeMemoryMiB = 1000 };
        Scene scene = new Scene().SetReady(1).WithOthers(empty);
        double expected = scene.Place(Scene.Rule("opportunity-cost"), Scene.Job(1, 0, 100)).Reason.A;
        scene.Others[0] = empty with { FreeMemoryMiB = 1400 };
        Assert.Equal(expected, scene.Place(Scene.Rule("opportunity-cost"), Scene.Job(1, 0, 100)).Reason.A, 9);
    }

    /// <summary>n = 8, L = 4: here 8^(3/4) - 8^(2/4) = 1.928, there 8^(1/4) - 1 = 0.682; with one job there 8^(2/4) - 8^(1/4) = 1.147, and three tasks become two.</summary>
    [Theory]
    [InlineData(0, 0.682)]
    [InlineData(1, 1.147)]
    public void What_a_running_job_costs_is_what_the_machine_would_be_relieved_of(int readyThere, double costThere)
    {
        Scene scene = new Scene().WithJobs(Scene.Job(1, 100), Scene.Job(2, 100), Scene.Job(3, 100)).WithOthers(Scene.Machine(1, readyThere));
        Reason reason = scene.Single(Scene.Rule("opportunity-cost")).Reason;
        Assert.Equal(costThere, reason.A, 0.001);
        Assert.Equal(1.928, reason.B, 0.001);
    }

    /// <summary>n is the number of machines; a cluster of one is reckoned as two, or nothing would cost more than nothing.</summary>
    [Theory]
    [InlineData(1, 2)]
    [InlineData(2, 2)]
    [InlineData(3, 3)]
    public void The_base_is_the_number_of_machines(int nodes, double n)
    {
        Scene scene = new Scene { Roster = new RangeRoster(nodes) }.SetReady(1).WithOthers(Scene.Machine(1, 0));
        Assert.Equal(n, scene.Place(Scene.Rule("opportunity-cost"), Scene.Job(1, 0)).Reason.C);
    }

    /// <summary>A large L makes the cost nearly a straight line: then a fast machine is filled up to 15 jobs before an idle slow one gets the first.</summary>
    [Theory]
    [InlineData(0, 14, 0)]
    [InlineData(0, 15, 1)]
    [InlineData(1, 1, 0)]
    [InlineData(1, 2, 1)]
    [InlineData(32, 14, 0)]
    [InlineData(32, 15, 1)]
    public void A_slow_machine_gets_its_first_job_when_the_scale_says_so(double maximumLoad, int jobs, int target)
    {
        ConsiderationRule rule = Scene.Rule("opportunity-cost", ("maximumLoad", maximumLoad));
        Scene scene = new Scene { Roster = new RangeRoster(6) }.SetReady(jobs).WithOthers(Scene.Machine(1, 0, 1, 0.45f), Scene.Machine(2, 20));
        Assert.Equal(target, scene.Place(rule, Scene.Job(1, 0)).Target.Value);
    }
}
