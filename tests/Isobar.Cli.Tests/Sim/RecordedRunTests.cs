using Isobar.Cli.Sim;
using Isobar.Protocol.Balance;
using Isobar.Protocol.Jobs;
using Isobar.Simulation;
using Isobar.Simulation.Workloads;

namespace Isobar.Cli.Tests.Sim;

/// <summary>What a cluster has on record as a workload for the simulator.</summary>
public sealed class RecordedRunTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);
    private static readonly Dictionary<string, int> Speeds = new() { ["alpha"] = 2000, ["beta"] = 500 };

    [Fact]
    public void Jobs_come_in_the_order_of_their_arrival_with_their_work_in_standard_seconds()
    {
        var run = RecordedRun.Of([Job("beta-1", 3, 20, 10), Job("alpha-1", 0, 12, 4)], [], Loads(("beta", 1, 0.5), ("alpha", 2, 3.0)), Speeds);
        Assert.Equal([(0.0, 0, 8.0), (3.0, 1, 5.0)], run.Workload.Items.Select(item => (item.Arrival, item.Home, item.Cpu)));
        Assert.Equal(("work", 2L << 20), (run.Workload.Items[0].Name, (long)run.Workload.Items[0].Memory));
        Assert.Equal(20, run.Seconds);
        Assert.Equal("isobar sim run isobar -n 2 -w trace:seen.csv --cores 2x1.5,1x0.5 --moves-at-once 2", run.Replay("isobar", "seen.csv", "2"));
        Assert.StartsWith("isobar sim run local ", run.Replay("isobar", "seen.csv", "0"), StringComparison.Ordinal);
    }

    [Fact]
    public void The_cost_of_a_move_is_the_middle_one_of_small_moves_that_were_made()
    {
        MoveRecord[] ledger = [Move(0.3), Move(0.1), Move(0.2), Move(9, committed: false), Move(7, bytes: 1L << 30)];
        var run = RecordedRun.Of([Job("alpha-1", 0, 12, 4)], ledger, Loads(("alpha", 1, 1.0)), Speeds);
        Assert.Equal((0.2, 4), (run.MoveSeconds, run.Moves));
        Assert.Contains(" --costs 0.2+0.13 ", run.Replay("isobar", "seen.csv", "2"), StringComparison.Ordinal);
    }

    [Fact]
    public void What_has_not_ended_is_left_out_and_without_an_end_there_is_nothing_to_record()
    {
        var running = Job("alpha-2", 1, 5, 1) with { State = JobState.Running, Ended = null };
        Assert.Single(RecordedRun.Of([running, Job("alpha-1", 0, 12, 4)], [], Loads(("alpha", 1, 1.0)), Speeds).Workload.Items);
        Assert.Throws<SimulationException>(() => RecordedRun.Of([running], [], Loads(("alpha", 1, 1.0)), Speeds));
    }

    [Fact]
    public void The_trace_is_what_the_simulator_reads()
    {
        var run = RecordedRun.Of([Job("alpha-1", 0, 12, 4), Job("alpha-2", 1, 13, 6)], [], Loads(("alpha", 1, 1.0)), Speeds);
        var file = Path.GetTempFileName();
        try
        {
            using (var writer = File.CreateText(file))
                ProcessTrace.Write(run.Workload, writer);
            Assert.Equal(run.Workload.Items, ProcessTrace.Read(file).Items);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static JobStatus Job(string id, double started, double ended, double cpu) => new()
    {
        Id = id,
        Uid = 0,
        State = JobState.Done,
        Node = "alpha",
        Incarnation = 1,
        Command = "/usr/bin/work 1 2",
        Started = Noon.AddSeconds(started),
        Ended = Noon.AddSeconds(ended),
        ExitCode = 0,
        CpuSeconds = cpu,
        ResidentBytes = 2 << 20,
    };

    private static MoveRecord Move(double frozen, bool committed = true, long bytes = 1 << 20) =>
        new() { When = Noon, From = "alpha", To = "beta", Committed = committed, Bytes = bytes, FreezeSeconds = frozen, Why = "lifetime" };

    private static LoadsReply Loads(params (string Name, int Cores, double Capacity)[] nodes)
    {
        var reply = new LoadsReply { Profile = "isobar" };
        foreach (var (name, cores, capacity) in nodes)
            reply.Nodes.Add(new LoadLine { Node = name, IsKnown = true, Cores = cores, Capacity = capacity });
        return reply;
    }
}
