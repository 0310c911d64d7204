using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;
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
