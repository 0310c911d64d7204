using Isobar.Balancing.Profiles;
using Isobar.Simulation.Experiments;
using Isobar.Simulation.Metrics;
using Isobar.Simulation.Workloads;
using Isobar.Simulation.World;

namespace Isobar.Simulation.Tests.World;

/// <summary>The figures of an independent replay of the process trace (scoreboard 1); they validate the core.</summary>
public sealed class TraceReplayTests
{
    private static readonly Lazy<List<Workload>> Runs = new(() => [.. ProcessTrace.ReadRuns(Traces.Of("unix-processes-6.csv")).Values]);

    private static readonly Profile None = new(new ProfileSettings { Name = "none", Dissemination = new("oracle") });

    private static readonly Scenario World = TraceReplay.Scenario1996 with { Machines = TraceReplay.OrderedHosts };

    [Fact]
    public void No_balancing()
    {
        var runs = Runs.Value.ConvertAll(run => new ClusterSimulation(run, None, World).Run());
        Close([3.02, 2.64, 3.24, 2.48, 3.27, 4.52], runs.ConvertAll(run => run.MeanSlowdown));
        Close([.705, .561, .768, .452, .789, 1.372], runs.ConvertAll(run => run.MeanDelay));
    }

    [Fact]
    public void Start_time_placement_by_names()
    {
        var names = TraceReplay.LongLivedPrograms(Runs.Value, 15, 50);
        Close(
            [1.78, 1.85, 1.94, 1.75, 1.83, 2.02],
            Runs.Value.ConvertAll(run => new ClusterSimulation(run, None, World, null, _ => [new NamesRule(names)]).Run().MeanSlowdown));
    }

    [Fact]
    public void Start_time_placement_by_an_oracle()
    {
        var knowing = World with { KnownDemand = true };
        Close(
            [1.43, 1.47, 1.51, 1.45, 1.45, 1.59],
            Runs.Value.ConvertAll(run => new ClusterSimulation(run, None, knowing, null, _ => [new OracleRule()]).Run().MeanSlowdown));
    }

    [Fact]
    public void Preemptive_at_arrivals_with_perfect_knowledge()
    {
        var profile = ProfileReader.Load("harchol-balter-downey");
        var seeds = Enumerable.Range(1, 5).Select(seed => World with { Seed = (ulong)seed }).ToList();
        Close(
            [1.50, 1.54, 1.54, 1.51, 1.49, 1.61],
            Runs.Value.ConvertAll(run => seeds.Average(world => new ClusterSimulation(run, profile, world).Run().MeanSlowdown)));
    }

    /// <summary>Scoreboard 1: "free instant migration gives 1.02"; one machine of six cores is the bound.</summary>
    [Fact]
    public void Free_instant_migration()
    {
        var free = new Profile(None.Settings with { Name = "free", PeriodSeconds = 3600, OnArrival = true, OnDeparture = true, OnNews = true });
        var world = World with { Costs = new MoveCosts { FixedSeconds = 0, PlacementSeconds = 0, BytesPerSecond = 1e18 } };
        var moved = Mean(Runs.Value.ConvertAll(run => new ClusterSimulation(run, free, world, null, _ => [new FreeBalancingRule()]).Run()), run => run.MeanSlowdown);
        var pooled = Mean(
            Runs.Value.ConvertAll(run => new ClusterSimulation(TraceReplay.Pooled(run), None, World with { Machines = TraceReplay.OneMachine(run.Nodes) }).Run()),
            run => run.MeanSlowdown);
        Assert.Equal(1.02, moved, 1.02 * 0.03);
        Assert.InRange(pooled, 1, moved);
    }

    /// <summary>The targets of scoreboard 1 with gossip, old news, refusals and true costs.</summary>
    [Fact]
    public void Isobar_beats_perfect_knowledge_with_gossip()
    {
        var profile = ProfileReader.Load("isobar");
        var then = Runs.Value.ConvertAll(run => new ClusterSimulation(run, profile, TraceReplay.Scenario1996).Run());
        Assert.True(Mean(then, run => run.MeanSlowdown) < 1.56, "slowdown at the costs of 1996");
        Assert.True(Mean(then, run => run.MeanDelay) < 0.19, "delay at the costs of 1996");
        Assert.True(then.Max(run => run.MostMoves) <= 10, "moves of any process");
        var now = Runs.Value.ConvertAll(run => new ClusterSimulation(run, profile, TraceReplay.ScenarioModern).Run());
        Assert.True(Mean(now, run => run.MeanSlowdown) < 1.37, "slowdown at modern costs");
    }

    private static double Mean(List<RunResult> runs, Func<RunResult, double> of) =>
        runs.Sum(run => of(run) * run.Processes) / runs.Sum(run => (double)run.Processes);

    private static void Close(double[] published, List<double> ours)
    {
        for (var i = 0; i < published.Length; i++)
            Assert.Equal(published[i], ours[i], published[i] * 0.03);
    }
}
