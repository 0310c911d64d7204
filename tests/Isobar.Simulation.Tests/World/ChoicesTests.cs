using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;
using Isobar.Simulation.Experiments;
using Isobar.Simulation.Networks;
using Isobar.Simulation.Workloads;
using Isobar.Simulation.World;

namespace Isobar.Simulation.Tests.World;

/// <summary>The power of two choices (Mitzenmacher 1996), and the control variate that takes the chance of the arrivals out of a mean.</summary>
public sealed class ChoicesTests
{
    private static readonly LifetimeLaw Law = new(LifetimeShape.Exponential, 1);

    /// <summary>Published figures of the formula for infinitely many nodes.</summary>
    [Theory]
    [InlineData(2, 0.5, 1.266)]
    [InlineData(2, 0.99, 5.432)]
    [InlineData(3, 0.9, 2.028)]
    [InlineData(3, 0.99, 3.858)]
    public void The_formula_gives_the_published_figures(int choices, double load, double expected) =>
        Assert.Equal(expected, FreshChoices.MeanJobs(choices, load) / load, 0.0006);

    [Theory]
    [InlineData(2, 0.8)]
    [InlineData(2, 0.9)]
    [InlineData(3, 0.9)]
    public void Many_nodes_come_within_two_per_cent_of_the_formula(int choices, double load)
    {
        const int Nodes = 1000;
        var (mean, _) = Respond(Nodes, choices, load, 200, fresh: true);
        Assert.Equal(FreshChoices.MeanJobs(choices, load) / load, mean, 0.02 * mean);
    }

    [Fact]
    public void The_rule_that_counts_and_the_shipped_rule_with_perfect_knowledge_are_the_same_policy()
    {
        var (counts, _) = Respond(50, 2, 0.8, 1500, fresh: true);
        var (sees, _) = Respond(50, 2, 0.8, 1500, fresh: false);
        Assert.Equal(counts, sees, 0.03 * counts);
    }

    [Fact]
    public void The_control_has_mean_zero_and_most_of_the_scatter()
    {
        // Straight to the point: 400 streams of arrivals, their excess on average nothing.
        var sum = 0.0;
        var squares = 0.0;
        const int Streams = 400;
        for (var seed = 1ul; seed <= Streams; seed++)
        {
            var excess = BacklogControl.Excess(Generators.Poisson(20, 0.9, Law, 200, seed), 0, 0.9, 50, 200, 14);
            sum += excess;
            squares += excess * excess;
        }

        var error = Math.Sqrt(squares) / Streams;
        Assert.InRange(sum / Streams, -3.5 * error, 3.5 * error);

        var (plain, controlled) = (new List<double>(), new List<double>());
        for (var seed = 1ul; seed <= 10; seed++)
        {
            var (with, without) = Respond(300, 2, 0.95, 300, fresh: true, seed);
            plain.Add(without);
            controlled.Add(with);
        }

        Assert.True(Scatter(controlled) < 0.5 * Scatter(plain), $"{Scatter(controlled)} against {Scatter(plain)}");
    }

    private static double Scatter(List<double> values) => values.Sum(value => Math.Pow(value - values.Average(), 2));

    private static (double Controlled, double Plain) Respond(int nodes, int choices, double load, double seconds, bool fresh, ulong seed = 1)
    {
        const double WarmUp = 60;
        var end = WarmUp + seconds;
        var relaxation = (FreshChoices.MeanJobs(choices, load + 1e-6) - FreshChoices.MeanJobs(choices, load - 1e-6)) / 2e-6;
        var workload = Generators.Poisson(nodes, load, Law, end, seed);
        var world = new Scenario
        {
            Machines = [new MachineKind(CoreSet.Uniform(1), double.PositiveInfinity)],
            Topology = new Topology { Latency = 0 },
            Costs = new MoveCosts { PlacementSeconds = 0 },
            WarmUp = WarmUp,
            KnowledgePeriod = fresh ? 1 : 0,
        };
        var rule = new FreshChoices(new int[nodes], choices);
        var profile = new Profile(new ProfileSettings
        {
            Name = "choices",
            Dissemination = new StageSettings(fresh ? "none" : "oracle"),
            PeriodSeconds = 3600,
            Rules = fresh ? [] : [new StageSettings("best-of").With("choices", choices)],
        });
        var run = (fresh ? new ClusterSimulation(workload, profile, world, rule, _ => [rule]) : new ClusterSimulation(workload, profile, world)).Run();
        return (run.MeanResponse - BacklogControl.Excess(workload, 0, load, WarmUp, end, relaxation) / load, run.MeanResponse);
    }
}
