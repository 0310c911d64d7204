using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;
using Isobar.Simulation.Networks;
using Isobar.Simulation.Workloads;
using Isobar.Simulation.World;

namespace Isobar.Simulation.Tests.World;

/// <summary>The exact course of small scenarios, line by line: readable as documentation of what the simulator does.</summary>
public sealed class GoldenTraceTests
{
    private static readonly Scenario World = new()
    {
        Machines = [new MachineKind(CoreSet.Uniform(1), 4e9)],
        Topology = new Topology { Latency = 0 },
        Costs = new MoveCosts { FixedSeconds = 0.5, BytesPerSecond = 100e6, PlacementSeconds = 0.5 },
        MeanMemory = 50e6,
    };

    private static readonly Profile Mover = new(new ProfileSettings
    {
        Name = "mover",
        Dissemination = new("oracle"),
        OnArrival = true,
        PeriodSeconds = 3600,
        Rules = [new StageSettings("lifetime").With("movesAtOnce", 10)],
    });

    private static readonly Profile Still = new(new ProfileSettings { Name = "still", Dissemination = new("oracle") });

    /// <summary>At 4 s the first process is 4 CPU s old; a move costs 1 s; alone at the target it gains 4 * (2 - 1) s.</summary>
    [Fact]
    public void An_old_process_makes_room_for_a_new_one()
    {
        Check(
            Run(Mover, World, At(0, 0, 10), At(4, 0, 2)),
            """
                  4.000000  job 0: #0 -> #1 takes 1 s (lifetime)
                  5.000000  job 0: is at #1
                  6.000000  job 1: finished at #0
                 11.000000  job 0: finished at #1
            """);
    }

    [Fact]
    public void A_move_to_a_node_that_dies_meanwhile_ends_at_its_source()
    {
        Check(
            Run(Mover, World with { Faults = [new Fault(4.5, 20, [1], IsPartition: false)] }, At(0, 0, 10), At(4, 0, 2)),
            """
                  4.000000  job 0: #0 -> #1 takes 1 s (lifetime)
                  4.500000  node #1: crashes
                  5.000000  job 0: the move failed, it stays at #0
                  7.000000  job 1: finished at #0
                 12.000000  job 0: finished at #0
            """);
    }

    [Fact]
    public void Processes_of_a_dead_node_begin_again_at_home()
    {
        Check(
            Run(Still, World with { Faults = [new Fault(3, 5, [0], IsPartition: false)] }, At(0, 0, 4), At(0, 1, 1)),
            """
                  1.000000  job 1: finished at #1
                  3.000000  node #0: crashes
                  5.000000  node #0: is back
                  9.000000  job 0: finished at #0
            """);
    }

    /// <summary>0.5 CPU s, wait 1 s, 0.5 CPU s: a process that waits leaves the core to the other.</summary>
    [Fact]
    public void Input_and_output_leave_the_core_to_others()
    {
        Check(
            Run(Still, World, At(0, 0, 1) with { IoBurst = 0.5, IoWait = 1 }, At(0, 0, 1)),
            """
                  1.500000  job 1: finished at #0
                  2.500000  job 0: finished at #0
            """);
    }

    [Fact]
    public void A_child_begins_when_its_parent_has_come_to_the_fork()
    {
        Check(
            Run(Still, World, At(0, 0, 2), At(0, 0, 1) with { Parent = 0, ForkAtCpu = 1 }),
            """
                  3.000000  job 1: finished at #0
                  3.000000  job 0: finished at #0
            """);
    }

    /// <summary>4 GB of memory, two processes of 3 GB: both run at a tenth of a half until one ends.</summary>
    [Fact]
    public void An_overcommitted_node_thrashes()
    {
        Check(
            Run(Still, World, At(0, 0, 1) with { Memory = 3e9 }, At(0, 0, 2) with { Memory = 3e9 }),
            """
                 20.000000  job 0: finished at #0
                 21.000000  job 1: finished at #0
            """);
    }

    /// <summary>Two images of 50 MB leave one node over a link of 50 MB/s: each takes 2 s instead of 1.</summary>
    [Fact]
    public void Moves_from_one_node_share_its_link()
    {
        var world = World with
        {
            Topology = new Topology { Latency = 0, NodeBandwidth = 50e6 },
            Costs = new MoveCosts { FixedSeconds = 0, BytesPerSecond = 1e12, Contention = true },
        };
        var two = new Profile(Mover.Settings with { Rules = [new StageSettings("lifetime").With("movesAtOnce", 2)] });
        Check(
            Run(two, world, 3, At(0, 0, 10), At(0, 0, 10), At(9, 0, 1)),
            """
                  9.000000  job 0: #0 -> #1 takes 0.00005 s (lifetime)
                  9.000000  job 1: #0 -> #2 takes 0.00005 s (lifetime)
                 10.000000  job 2: finished at #0
                 11.000000  job 0: is at #1
                 11.000000  job 1: is at #2
                 16.500000  job 0: finished at #1
                 16.500000  job 1: finished at #2
            """);
    }

    /// <summary>A lazy move freezes for 0.5 s only; then the process waits 0.25 s in all for the half of its 50 MB that it touches: 4.5 + 6 + 0.25 s.</summary>
    [Fact]
    public void A_lazy_move_freezes_shortly_and_waits_for_pages_later()
    {
        Check(
            Run(Moving(MoveStyle.Lazy), World, At(0, 0, 10), At(4, 0, 2)),
            """
                  4.000000  job 0: #0 -> #1 takes 0.5 s (lifetime)
                  4.500000  job 0: is at #1
                  6.000000  job 1: finished at #0
                 10.750000  job 0: finished at #1
            """);
    }

    /// <summary>The same, but the source dies while it still holds pages: the process is lost with them and begins again when its home is back.</summary>
    [Fact]
    public void A_lazy_move_dies_with_its_source_until_it_has_its_pages()
    {
        Check(
            Run(Moving(MoveStyle.Lazy), World with { Faults = [new Fault(4.6, 20, [0], IsPartition: false)] }, At(0, 0, 10), At(4, 0, 2)),
            """
                  4.000000  job 0: #0 -> #1 takes 0.5 s (lifetime)
                  4.500000  job 0: is at #1
                  4.600000  node #0: crashes
                 20.000000  node #0: is back
                 24.000000  job 1: finished at #0
                 32.000000  job 0: finished at #0
            """);
    }

    /// <summary>50 MB are written and read again at 20 MB/s each: 5 s, and 0.5 s.</summary>
    [Fact]
    public void A_move_by_checkpoint_takes_the_time_of_a_disk_twice()
    {
        var world = World with { Costs = World.Costs with { CheckpointBytesPerSecond = 20e6 } };
        Check(
            Run(Moving(MoveStyle.Checkpoint), world, At(0, 0, 20), At(8, 0, 2)),
            """
                  8.000000  job 0: #0 -> #1 takes 5.5 s (lifetime)
                 10.000000  job 1: finished at #0
                 13.500000  job 0: is at #1
                 25.500000  job 0: finished at #1
            """);
    }

    [Fact]
    public void Nobody_moves_across_a_cut()
    {
        Check(
            Run(Mover, World with { Faults = [new Fault(3, 6, [1], IsPartition: true)] }, At(0, 0, 10), At(4, 0, 2), At(7, 0, 1)),
            """
                  3.000000  node #1: cut off
                  6.000000  node #1: joined again
                  7.000000  job 0: #0 -> #1 takes 1 s (lifetime)
                  8.000000  job 1: finished at #0
                  8.000000  job 0: is at #1
                  8.500000  job 2: finished at #0
                 12.500000  job 0: finished at #1
            """);
    }

    private static Profile Moving(MoveStyle style) => new(Mover.Settings with { Move = style });

    private static WorkItem At(double arrival, int home, double cpu) => new() { Arrival = arrival, Home = home, Cpu = cpu };

    private static string Run(Profile profile, Scenario world, params WorkItem[] items) => Run(profile, world, 2, items);

    private static string Run(Profile profile, Scenario world, int nodes, params WorkItem[] items)
    {
        using var text = new StringWriter { NewLine = "\n" };
        new ClusterSimulation(new Workload("golden", nodes, items).Validated(), profile, world, new RunLog(text)).Run();
        return text.ToString();
    }

    private static void Check(string actual, string expected) =>
        Assert.Equal(Lines(expected), Lines(actual));

    private static string[] Lines(string text) => [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Trim())];
}
