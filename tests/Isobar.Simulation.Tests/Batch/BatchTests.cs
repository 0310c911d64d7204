using CsCheck;
using Isobar.Simulation.Batch;
using Isobar.Simulation.Workloads;

namespace Isobar.Simulation.Tests.Batch;

public sealed class BatchTests
{
    private const int Processors = 8;

    private static readonly Gen<BatchJob[]> Logs =
        from rows in Gen.Select(Gen.Double[0, 100], Gen.Double[0.1, 40], Gen.Int[1, Processors]).List[1, 40]
        select rows.OrderBy(row => row.Item1).Select((row, i) => Job(i + 1, row.Item1, row.Item2, row.Item3)).ToArray();

    /// <summary>Eight processors. The wide job waits for 10 s; the narrow short one ends before that and may pass it, the long one may not.</summary>
    [Fact]
    public void Backfilling_lets_pass_only_who_does_not_delay_the_first()
    {
        BatchJob[] jobs = [Job(1, 0, 10, 6), Job(2, 1, 10, 8), Job(3, 2, 20, 2), Job(4, 3, 5, 2)];
        Assert.Equal([0, 9, 18, 17], Waits(new QueueSimulation(jobs, Processors, backfills: false).Run()));
        Assert.Equal([0, 9, 18, 0], Waits(new QueueSimulation(jobs, Processors, backfills: true).Run()));

        // Who asks for three times what he needs is not let pass.
        jobs[3] = jobs[3] with { Requested = 15 };
        Assert.Equal([0, 9, 18, 17], Waits(new QueueSimulation(jobs, Processors, backfills: true).Run()));
    }

    /// <summary>Two jobs of all processors take turns: the second ends at 15 s, 5 s of its own and 5 s of turns of the first, which began at 5 s.</summary>
    [Fact]
    public void A_gang_shares_in_time()
    {
        BatchJob[] jobs = [Job(1, 0, 20, 8), Job(2, 5, 5, 8)];
        var results = new GangSimulation(jobs, Processors, maxRows: 2).Run();
        Assert.Equal([25, 10], results.Select(job => job.Response));
        Assert.Equal([0, 0], Waits(results));

        // A tenth of each turn is lost while there are two: the second needs 2 * 5 / 0.9 s.
        var switched = new GangSimulation(jobs, Processors, maxRows: 2, switchShare: 0.1).Run();
        Assert.Equal(10 / 0.9, switched[1].Response, 9);
    }

    [Fact]
    public void One_row_is_first_come_first_served() =>
        Logs.Sample(jobs => Same(new GangSimulation(jobs, Processors, maxRows: 1).Run(), new QueueSimulation(jobs, Processors, backfills: false).Run()));

    /// <summary>With exact estimates the first of the queue is never delayed, so the makespan of its predecessors bounds it; no job ends before it can.</summary>
    [Fact]
    public void No_job_ends_before_it_can_and_all_end() =>
        Gen.Select(Logs, Gen.Int[1, 5]).Sample((jobs, rows) =>
            new GangSimulation(jobs, Processors, rows).Run().Concat(new QueueSimulation(jobs, Processors, backfills: true).Run())
                .All(job => job.Run > 0 && job.Response >= job.Run - 1e-6 && job.Wait >= -1e-9));

    /// <summary>Fine-grained jobs: a gang loses nothing; nodes that take turns by themselves lose most.</summary>
    [Fact]
    public void Barriers_want_gangs()
    {
        BarrierSimulation Fine() => new(nodes: 8, jobs: 3, phaseSeconds: 0.005, sliceSeconds: 0.1, seed: 1);
        Assert.InRange(Fine().Efficiency(SharingInTime.Gang, 60), 0.97, 1.001);
        var spinning = Fine().Efficiency(SharingInTime.LocalSpinning, 60);
        var blocking = Fine().Efficiency(SharingInTime.LocalBlocking, 60);
        Assert.InRange(spinning, 0, 0.5);
        Assert.InRange(blocking, spinning, 1);
    }

    private static IEnumerable<double> Waits(ParallelJobResult[] results) => results.Select(job => Math.Round(job.Wait, 9));

    private static bool Same(ParallelJobResult[] one, ParallelJobResult[] other) =>
        one.Zip(other).All(pair => Math.Abs(pair.First.Response - pair.Second.Response) < 1e-6 && Math.Abs(pair.First.Wait - pair.Second.Wait) < 1e-6);

    private static BatchJob Job(int number, double submit, double run, int processors) => new(number, submit, run, processors, -1, 1, 1, 1);
}
