using Isobar.Balancing.Consideration;
using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;
using Isobar.Simulation.Experiments;
using Isobar.Simulation.Networks;
using Isobar.Simulation.Workloads;
using Isobar.Simulation.World;

namespace Isobar.Simulation.Tests.World;

/// <summary>What is done for the speed of large clusters must not be seen in any figure.</summary>
public sealed class LargeClusterTests
{
    /// <summary>
    /// The figures are those of the simulator that agreed with the plain one (every search through whole entries, no reading ahead, a new object for every process) with the rule of then.
    /// </summary>
    [Fact]
    public void Nodes_read_ahead_and_objects_used_again_change_no_figure()
    {
        const int Nodes = 1000;
        const double Seconds = 20;
        var settings = ProfileReader.Load("isobar").Settings;
        // Without the parts of the rule that have changed since.
        var rules = settings.Rules.Select(rule => rule.Policy == "lifetime" ? rule.With("others", 0).With("outclassed", 0) : rule);
        var profile = new Profile(settings with { Dissemination = settings.Dissemination.With("vector", 16).With("window", 8), Rules = [.. rules] });
        var workload = Generators.Poisson(Nodes, 0.5, new LifetimeLaw(LifetimeShape.Pareto, 5, 1, 1e4), Seconds, 1);
        var world = new Scenario { Machines = [new MachineKind(CoreSet.Uniform(1), 4e9)], Topology = new Topology { Latency = 200e-6 }, EndAt = Seconds };
        var simulation = new ClusterSimulation(workload, profile, world);
        simulation.RunUntil(Seconds);
        var result = simulation.Result();

        Assert.Equal(126_253, simulation.Events);
        Assert.Equal(1655, result.Processes);
        Assert.Equal(361, result.Moves);
        Assert.Equal(1.0517685543468986, result.MeanSlowdown, 1e-12);
        Assert.Equal(814.5519, result.LoadBytesPerNodeSecond, 1e-9);
        Assert.Equal(1.7474696736523623, simulation.ViewAges().Mean, 1e-12);
    }

    /// <summary>Processes that come long after others have the objects of these; they end when they would without them.</summary>
    [Fact]
    public void A_process_inherits_nothing_from_the_one_whose_object_it_has()
    {
        const int Nodes = 6;
        const double Later = 1e4;
        var law = new LifetimeLaw(LifetimeShape.Exponential, 2);
        var early = Generators.Poisson(Nodes, 0.9, law, 200, 3).Items.Select((item, i) => item with { IoBurst = i % 2 * 0.2, IoWait = 0.3, Memory = i % 3 * 1e9 }).ToList();
        var late = Generators.Poisson(Nodes, 0.9, law, 200, 4).Items.Select((item, i) => item with { Arrival = item.Arrival + Later, IoBurst = i % 3 * 0.5, IoWait = 0.1, Memory = 1e6 }).ToList();
        var still = new Profile(new ProfileSettings { Name = "still" });
        var mover = new Profile(new ProfileSettings { Name = "mover", Dissemination = new("oracle"), OnArrival = true, OnDeparture = true, PeriodSeconds = 3600, Move = MoveStyle.Lazy });
        foreach (var profile in (Profile[])[still, mover])
        {
            var (after, alone) = (new Ends(early.Count), new Ends(0));
            var world = new Scenario { Costs = MoveCosts.ModernWithCpu };
            Func<int, IReadOnlyList<ConsiderationRule>>? rules = profile == mover ? _ => [new FreeBalancingRule()] : null;
            var run = new ClusterSimulation(new Workload("both", Nodes, [.. early, .. late]), profile, world, after, rules).Run();
            new ClusterSimulation(new Workload("late", Nodes, late), profile, world, alone, rules).Run();

            Assert.Equal(profile == mover, run.Moves > 0);
            Assert.Equal(late.Count, alone.Of.Count);
            foreach (var (process, time) in alone.Of)
                Assert.Equal(time, after.Of[process], 1e-6);
        }
    }

    private sealed class Ends(int from) : IRunObserver
    {
        public Dictionary<int, double> Of { get; } = [];

        public void Ended(double time, int process, int at, ProcessState how)
        {
            if (process >= from)
                Of[process - from] = time;
        }

        public void MoveBegan(double time, int process, int source, int target, double seconds, string reason)
        {
        }

        public void MoveEnded(double time, int process, int at, bool aborted)
        {
        }

        public void Acted(double time, int process, int at, string what, string reason)
        {
        }

        public void NodeChanged(double time, int node, string what)
        {
        }
    }
}
