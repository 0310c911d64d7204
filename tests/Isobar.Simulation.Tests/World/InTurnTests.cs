using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;
using Isobar.Simulation.Workloads;
using Isobar.Simulation.World;

namespace Isobar.Simulation.Tests.World;

/// <summary>A machine that changes in the middle, and long jobs that run in turn.</summary>
public sealed class InTurnTests
{
    private const string Turns = """
        { "name": "turns", "load": { "policy": "mean" }, "dissemination": { "policy": "none" }, "consideration": { "periodSeconds": 0.5, "rules": [ { "policy": "in-turn", "youngSeconds": 1 } ] } }
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void A_machine_that_slows_serves_slower_from_then_on()
    {
        var run = new ClusterSimulation(Heap(10), ProfileReader.Load("local"), World() with { Changes = [new MachineChange(4, 0, CoreSet.Uniform(1, 0.25f))] }).Run(Cancellation);
        // Four of ten CPU seconds at full speed, six at a quarter.
        Assert.Equal(4 + 6 / 0.25, run.Makespan, 6);
    }

    [Fact]
    public void What_a_machine_is_from_then_on_is_what_it_tells_others()
    {
        // Two equal machines with two jobs each; the second becomes much slower, so that both of its jobs are worth a move.
        var workload = new Workload("pairs", 2, [Item(0, 100), Item(0, 100), Item(1, 100), Item(1, 100)]);
        var world = World() with { Machines = [new MachineKind(CoreSet.Uniform(2), 4e9)], Changes = [new MachineChange(20, 1, CoreSet.Uniform(2, 0.1f))] };
        var changed = new ClusterSimulation(workload, ProfileReader.Load("isobar"), world).Run(Cancellation);
        var unchanged = new ClusterSimulation(workload, ProfileReader.Load("isobar"), world with { Changes = [] }).Run(Cancellation);
        Assert.Equal(0, unchanged.Moves);
        Assert.InRange(changed.Moves, 2, 10);
        Assert.InRange(changed.Makespan, 150, 300);
    }

    [Fact]
    public void A_machine_that_is_not_there_cannot_change()
    {
        var e = Assert.Throws<SimulationException>(() => new ClusterSimulation(Heap(10), ProfileReader.Load("local"), World() with { Changes = [new MachineChange(4, 1, CoreSet.Uniform(1))] }));
        Assert.Contains("Machine 1", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Long_jobs_end_one_after_the_other_instead_of_all_at_the_end()
    {
        var ends = new Ends();
        new ClusterSimulation(Heap(10, 10, 10), ProfileReader.Parse(System.Text.Encoding.UTF8.GetBytes(Turns)), World(), ends).Run(Cancellation);
        // Until they are old and a look has found it they share: then each has the core for itself. Shared to the end they would end at 30.
        Assert.InRange(ends.Times[0], 11.9, 14);
        Assert.InRange(ends.Times[1], 20.5, 22.5);
        Assert.Equal(30, ends.Times[2], 6);
    }

    [Fact]
    public void Short_jobs_do_not_wait_for_a_long_one()
    {
        var ends = new Ends();
        var workload = new Workload("long and short", 1, [Item(0, 20), Item(0, 0.9) with { Arrival = 5 }]);
        new ClusterSimulation(workload, ProfileReader.Parse(System.Text.Encoding.UTF8.GetBytes(Turns)), World(), ends).Run(Cancellation);
        Assert.Equal(5 + 2 * 0.9, ends.Times[0], 6);
    }

    [Fact]
    public void A_heap_of_jobs_of_unknown_length_ends_sooner_and_with_fewer_moves_in_turn_than_with_equal_shares()
    {
        var (equal, turns) = (Sum("isobar"), Sum("isobar-batch"));
        Assert.True(turns.Makespan < 0.99 * equal.Makespan && turns.Moves < 0.9 * equal.Moves, $"in turn {turns}, with equal shares {equal}");
    }

    // The hosts and lengths of docs/results/sim-slowed.md, over forty draws.
    private static (double Makespan, long Moves) Sum(string profile)
    {
        const int Draws = 40;
        var (makespan, moves) = (0.0, 0L);
        for (var draw = 1ul; draw <= Draws; draw++)
        {
            var world = new Scenario
            {
                Machines = [.. ((float[])[0.8f, 1.2f, 0.6f, 0.4f]).Select(speed => new MachineKind(CoreSet.Uniform(1, speed), 4e9))],
                Changes = [new MachineChange(80, 1, CoreSet.Uniform(1, 0.3f))],
                Costs = MoveCosts.ModernWithCpu with { FixedSeconds = 0.64, CpuSeconds = 0.13, PoliciesCountCpu = true },
                MovesAtOnce = 2,
                Seed = draw,
            };
            var run = new ClusterSimulation(Generators.Heap(30, 4, 720, 1, draw), ProfileReader.Load(profile), world).Run(Cancellation);
            (makespan, moves) = (makespan + run.Makespan, moves + run.Moves);
        }

        return (makespan, moves);
    }

    private static Workload Heap(params double[] lengths) => new("heap", 1, [.. lengths.Select(length => Item(0, length))]);

    private static WorkItem Item(int home, double cpu) => new() { Arrival = 0, Home = home, Cpu = cpu, Memory = 1e6 };

    private static Scenario World() => new() { Machines = [new MachineKind(CoreSet.Uniform(1), 4e9)] };

    private sealed class Ends : IRunObserver
    {
        public List<double> Times { get; } = [];

        public void MoveBegan(double time, int process, int source, int target, double seconds, string reason)
        {
        }

        public void MoveEnded(double time, int process, int at, bool aborted)
        {
        }

        public void Acted(double time, int process, int at, string what, string reason)
        {
        }

        public void Ended(double time, int process, int at, ProcessState how) => Times.Add(time);

        public void NodeChanged(double time, int node, string what)
        {
        }
    }
}
