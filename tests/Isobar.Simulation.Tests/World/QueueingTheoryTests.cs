using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;
using Isobar.Simulation.Experiments;
using Isobar.Simulation.Workloads;
using Isobar.Simulation.World;

namespace Isobar.Simulation.Tests.World;

/// <summary>Processor sharing against exact formulas (service time 1): M/M/1 1/(1-r); M/M/k has the response of M/M/k first come first served.</summary>
public sealed class QueueingTheoryTests
{
    [Theory]
    [InlineData(1, 0.5, 2.00)]
    [InlineData(1, 0.8, 5.00)]
    [InlineData(6, 0.8, 1.432)]
    [InlineData(20, 0.9, 1.275)]
    public void Mean_response_agrees_within_two_per_cent(int cores, double load, double expected)
    {
        Assert.Equal(expected, Respond(cores, load, new LifetimeLaw(LifetimeShape.Exponential, 1)), expected * 0.02);
    }

    /// <summary>Near saturation a run tells little by itself; beside a queue of known mean that was fed with the same jobs it tells two per cent.</summary>
    [Theory]
    [InlineData(1, 100)]
    [InlineData(6, 17.2)]
    [InlineData(20, 5.74)]
    public void Mean_response_at_load_099_agrees_within_two_per_cent(int cores, double expected)
    {
        const int Jobs = 300_000;
        Assert.Equal(expected, FirstComeQueue.Exact(cores, 0.99), 0.005 * expected);
        var local = new Profile(new ProfileSettings { Name = "local" });
        var law = new LifetimeLaw(LifetimeShape.Exponential, 1);
        var sum = 0.0;
        const int Seeds = 3;
        for (var seed = 1ul; seed <= Seeds; seed++)
        {
            var world = new Scenario { Machines = [new MachineKind(CoreSet.Uniform(cores), double.PositiveInfinity)], WarmUp = Jobs / 10.0 / cores };
            var workload = Generators.Poisson(1, 0.99 * cores, law, Jobs / (0.99 * cores), seed);
            sum += new ClusterSimulation(workload, local, world).Run().MeanResponse - FirstComeQueue.MeanResponse(workload, cores, world.WarmUp);
        }

        Assert.Equal(expected, FirstComeQueue.Exact(cores, 0.99) + sum / Seeds, expected * 0.02);
    }

    [Theory]
    [InlineData(1, 0.5, 2)]
    [InlineData(1, 0.9, 10)]
    [InlineData(6, 0.9, 2.234)]
    [InlineData(20, 0.8, 1.064)]
    public void The_queue_that_controls_has_its_exact_mean(int servers, double load, double expected)
    {
        Assert.Equal(expected, FirstComeQueue.Exact(servers, load), 0.0006);
        var workload = Generators.Poisson(1, load * servers, new LifetimeLaw(LifetimeShape.Exponential, 1), 1_000_000 / (load * servers), 5);
        Assert.Equal(expected, FirstComeQueue.MeanResponse(workload, servers, 1000), expected * 0.03);
    }

    /// <summary>Processor sharing does not care for the law, only for its mean: the mark of its exactness.</summary>
    [Fact]
    public void Mean_response_does_not_depend_on_the_law_of_demands()
    {
        Assert.Equal(2.0, Respond(1, 0.5, new LifetimeLaw(LifetimeShape.Hyperexponential, 1, 5)), 0.06);
        Assert.Equal(2.0, Respond(1, 0.5, new LifetimeLaw(LifetimeShape.Constant, 1)), 0.04);
    }

    private static double Respond(int cores, double load, LifetimeLaw law)
    {
        var local = new Profile(new ProfileSettings { Name = "local" });
        var world = new Scenario { Machines = [new MachineKind(CoreSet.Uniform(cores), double.PositiveInfinity)], WarmUp = 500 };
        const int Jobs = 250_000;
        var sum = 0.0;
        const int Seeds = 4;
        for (var seed = 1; seed <= Seeds; seed++)
        {
            var workload = Generators.Poisson(1, load * cores, law, Jobs / (load * cores), (ulong)seed);
            sum += new ClusterSimulation(workload, local, world).Run().MeanResponse;
        }

        return sum / Seeds;
    }
}
