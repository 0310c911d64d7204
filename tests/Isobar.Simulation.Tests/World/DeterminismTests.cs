using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;
using Isobar.Simulation.Workloads;
using Isobar.Simulation.World;

namespace Isobar.Simulation.Tests.World;

public sealed class DeterminismTests
{
    private static readonly Scenario World = new()
    {
        Machines = [new MachineKind(CoreSet.Uniform(2), 2e9)],
        Costs = MoveCosts.ModernWithCpu with { Contention = true },
        Owners = new OwnerModel { Share = 0.5, PresentSeconds = 60, AbsentSeconds = 60 },
        Faults = [new Fault(50, 80, [2], false), new Fault(100, 130, [0, 1], true)],
        EndAt = 1200,
    };

    public static TheoryData<string> Profiles => [.. ProfileReader.Shipped];

    /// <summary>Every shipped profile, in a world with owners, faults and contention: the same seed gives the same run, and every process has an end.</summary>
    [Theory]
    [MemberData(nameof(Profiles))]
    public void A_run_is_a_function_of_its_seed(string name)
    {
        var profile = ProfileReader.Load(name);
        var workload = Generators.Mixed(6, 0.6, 200, 7, 2e9);
        var first = new ClusterSimulation(workload, profile, World).Run(TestContext.Current.CancellationToken);
        var second = new ClusterSimulation(workload, profile, World).Run(TestContext.Current.CancellationToken);
        Assert.Equal(first, second);
        Assert.Equal(workload.Items.Count, first.Processes + first.Unfinished + (int)first.Kills);
        Assert.InRange(first.Utilisation, 0.01, 1);
    }

    /// <summary>What is done is what was asked: without moves, faults and thrashing the cores are busy exactly as long as the demand.</summary>
    [Fact]
    public void Work_is_conserved()
    {
        var workload = Generators.Poisson(5, 0.7, new LifetimeLaw(LifetimeShape.Pareto, 1), 500, 3);
        var world = new Scenario { Machines = [new MachineKind(CoreSet.Uniform(1), double.PositiveInfinity)] };
        var run = new ClusterSimulation(workload, ProfileReader.Load("local"), world).Run(TestContext.Current.CancellationToken);
        Assert.Equal(workload.TotalCpu, run.Utilisation * 5 * run.Makespan, workload.TotalCpu * 1e-6);
        Assert.Equal(workload.Items.Count, run.Processes);
    }
}
