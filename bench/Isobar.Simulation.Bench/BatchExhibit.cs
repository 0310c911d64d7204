using Isobar.Simulation.Batch;
using Isobar.Simulation.Reports;
using Isobar.Simulation.Statistics;
using Isobar.Simulation.Workloads;
using static Isobar.Simulation.Bench.Runs;

namespace Isobar.Simulation.Bench;

/// <summary>Scoreboard 6: the parallel jobs of NASA Ames' iPSC/860, in batch and in gangs; the barrier benchmark of systems.md G16.</summary>
internal static class BatchExhibit
{
    private const int Processors = 128;
    private const double Switch = 0.01;

    private static readonly (string Name, Func<IReadOnlyList<BatchJob>, ParallelJobResult[]> Run)[] Policies =
    [
        ("first come first served", jobs => new QueueSimulation(jobs, Processors, backfills: false).Run()),
        ("EASY backfilling, exact estimates", jobs => new QueueSimulation(jobs, Processors, backfills: true).Run()),
        ("EASY backfilling, estimates 5 x too long", jobs => new QueueSimulation(jobs, Processors, backfills: true, estimate: 5).Run()),
        ("gangs, 2 rows", jobs => new GangSimulation(jobs, Processors, 2, Switch).Run()),
        ("gangs, 5 rows", jobs => new GangSimulation(jobs, Processors, 5, Switch).Run()),
        ("gangs, 20 rows", jobs => new GangSimulation(jobs, Processors, 20, Switch).Run()),
    ];

    public static Task MakeAsync(ExhibitPage page)
    {
        Log(page, StandardWorkloadFormat.Read(ExhibitPage.Trace("NASA-iPSC-1993-3.1-cln.swf")));
        Barriers(page);
        return Task.CompletedTask;
    }

    private static void Log(ExhibitPage page, List<BatchJob> jobs)
    {
        var span = jobs[^1].Submit - jobs[0].Submit;
        var offered = jobs.Sum(job => job.Run * job.Processors) / (span * Processors);
        page.Heading("NASA Ames iPSC/860: batch and gangs");
        page.Text(
            $"{jobs.Count} jobs of 1 to {jobs.Max(job => job.Processors)} processors, three months of 1993 (Parallel Workloads Archive; Bill Nitzberg); offered load {F(offered, "0.00")} of {Processors} processors. The log tells when jobs began, not when they were submitted, so that times between arrivals are scaled to the stated load and the begins serve as submissions. "
            + $"Gangs: Ousterhout's matrix (SlotMatrix) with alternates; {Percent(Switch)[1..]} of a slice is lost to switching where processors take turns, and the memory of all jobs that share a node is taken to fit. Slowdown is bounded (response / max(run, 10 s)).");
        double[] loads = [Math.Round(offered, 2), 0.6, 0.7, 0.8, 0.9];
        var table = new Table("policy", "load", "mean wait, min", "mean response, min", "mean slowdown", "median", "p95", "slowdown of the wide (64+)", "of the short (under 60 s)");
        var outcomes = Map(loads.SelectMany(load => Policies.Select(policy => (load, policy))), one => one.policy.Run(Scaled(jobs, offered / one.load)));
        var lines = Policies.Select(policy => (policy.Name, Points: new List<(double, double, double)>())).ToList();
        for (var l = 0; l < loads.Length; l++)
        {
            for (var p = 0; p < Policies.Length; p++)
            {
                var results = outcomes[l * Policies.Length + p];
                var slowdowns = results.Select(job => job.BoundedSlowdown).Order().ToArray();
                table.Add(
                    Policies[p].Name,
                    F(loads[l], "0.00"),
                    F(results.Average(job => job.Wait) / 60, "0.0"),
                    F(results.Average(job => job.Response) / 60, "0.0"),
                    F(slowdowns.Average(), "0.00"),
                    F(slowdowns[slowdowns.Length / 2], "0.00"),
                    F(slowdowns[slowdowns.Length * 95 / 100], "0.0"),
                    F(results.Where(job => job.Processors >= 64).Average(job => job.BoundedSlowdown), "0.00"),
                    F(results.Where(job => job.Run < 60).Average(job => job.BoundedSlowdown), "0.00"));
                lines[p].Points.Add((loads[l], slowdowns.Average(), 0));
            }
        }

        page.Plot("slowdown against load", new LinePlot("NASA iPSC/860: mean bounded slowdown", "offered load", "mean bounded slowdown", [.. lines.Select(line => new Series(line.Name, line.Points))]) { LogY = true, FromY = 1 }.ToSvg());
        page.Table(table);
        page.Text(
            "At the load of the log itself nobody waits. Above it, gangs with rows enough (twenty jobs may share a node) keep short jobs short where queues do not, up to load 0.7. With few rows they are worse than queues: a job at half its speed holds its columns twice as long, rows have holes, and who finds no row waits first come first served; "
            + "when the matrix is full, backfilling is better. Estimates that are too long do not harm backfilling (Mu'alem, Feitelson 2001).");
    }

    private static List<BatchJob> Scaled(List<BatchJob> jobs, double factor) => jobs.ConvertAll(job => job with { Submit = job.Submit * factor });

    private static void Barriers(ExhibitPage page)
    {
        const int Nodes = 16;
        const int Jobs = 3;
        const double Slice = 0.1;
        page.Heading("Why gangs: barriers");
        page.Text(
            $"{Jobs} jobs with a process on each of {Nodes} nodes compute for a phase and wait for each other. Work done over what the nodes could do, slices of {F(1000 * Slice, "0")} ms, mean of 5 seeds; the price of switching is left out. Where phases are shorter than a slice, nodes that take turns by themselves and spin lose most of their time; those that block fall into step by themselves (what implicit coscheduling relies on), at the price of a switch per barrier, where a gang has one per slice.");
        double[] phases = [0.002, 0.005, 0.02, 0.05, 0.1, 0.3, 1, 3];
        (string Name, SharingInTime Sharing)[] ways = [("gang", SharingInTime.Gang), ("local, spinning", SharingInTime.LocalSpinning), ("local, blocking", SharingInTime.LocalBlocking)];
        var table = new Table(["phase, ms", .. ways.Select(way => way.Name)]);
        var lines = ways.Select(way => new Series(way.Name, Map(phases, phase =>
        {
            var estimate = Estimate.Of([.. Enumerable.Range(1, 5).Select(seed => new BarrierSimulation(Nodes, Jobs, phase, Slice, (ulong)seed).Efficiency(way.Sharing, Math.Max(20, 300 * phase)))]);
            return (1000 * phase, estimate.Mean, estimate.HalfWidth);
        }))).ToList();
        for (var i = 0; i < phases.Length; i++)
            table.Add([F(1000 * phases[i], "0"), .. lines.Select(line => F(line.Points[i].Y, "0.00"))]);

        page.Plot("work done against the length of phases", new LinePlot("Three parallel jobs on sixteen nodes", "CPU milliseconds between barriers", "work done, share of the possible", lines) { LogX = true }.ToSvg());
        page.Table(table);
    }
}
