using Isobar.Simulation.Grid;
using Isobar.Simulation.Reports;
using Isobar.Simulation.Workloads;
using static Isobar.Simulation.Bench.Runs;

namespace Isobar.Simulation.Bench;

/// <summary>Scoreboard 6: the LHC Computing Grid, each site for itself and all together.</summary>
internal static class GridExhibit
{
    private const double Move = 60;

    public static Task MakeAsync(ExhibitPage page)
    {
        var jobs = StandardWorkloadFormat.Read(ExhibitPage.Trace("LCG-2005-1.swf.xz"));
        var sites = jobs.Max(job => job.Partition);
        var span = jobs[^1].Submit;
        var demand = new double[sites];
        foreach (var job in jobs)
            demand[job.Partition - 1] += job.Run;

        page.Text(
            $"{jobs.Count} one-CPU jobs of {sites} sites (Parallel Workloads Archive; Hui Li and the e-Science group of HEP at Imperial College). The log tells neither the size of a site nor any wait; so each site is given "
            + $"the slots at which its own jobs would use the stated share of them, at least one, and the replay shows the waits. A start or move between sites costs the job {Move} s; a guest leaves at once when the owner needs the slot.");
        var table = new Table(
            "use of slots", "slots", "mean wait alone, h", "federation, h", "mean slowdown alone", "federation ", "sites that wait longer", "jobs later than alone", "their extra wait, h", "guest starts", "evictions");
        var alone = new List<(double, double, double)>();
        var together = new List<(double, double, double)>();
        foreach (var use in (double[])[0.5, 0.6, 0.7, 0.8, 0.9])
        {
            var slots = demand.Select(seconds => Math.Max(1, (int)Math.Ceiling(seconds / span / use))).ToArray();
            var isolated = new GridSimulation(jobs, slots, federated: false, Move).Run();
            var federation = new GridSimulation(jobs, slots, federated: true, Move);
            var joined = federation.Run();
            var longer = 0;
            for (var site = 0; site < sites; site++)
            {
                var (before, after) = (Waits(isolated, site), Waits(joined, site));
                if (after > before + 1)
                    longer++;
            }

            // A job is later when it lost more than the moves that it may have paid for.
            var later = Enumerable.Range(0, jobs.Count).Where(i => joined[i].Wait > isolated[i].Wait + 1).ToList();
            var extra = later.Count == 0 ? 0 : later.Average(i => joined[i].Wait - isolated[i].Wait) / 3600;
            table.Add(
                F(use, "0 %"),
                F(slots.Sum(), "0"),
                F(isolated.Average(job => job.Wait) / 3600, "0.00"),
                F(joined.Average(job => job.Wait) / 3600, "0.00"),
                F(isolated.Average(Slowdown), "0.0"),
                F(joined.Average(Slowdown), "0.00"),
                F(longer, "0"),
                F(later.Count / (double)jobs.Count, "0.00 %"),
                F(extra, "0.000"),
                F(federation.GuestStarts, "0"),
                F(federation.Evictions, "0"));
            alone.Add((100 * use, isolated.Average(job => job.Wait) / 3600, 0));
            together.Add((100 * use, joined.Average(job => job.Wait) / 3600, 0));
        }

        page.Plot("waits", new LinePlot("LCG: mean wait, sites alone and federated", "use of the slots, %", "mean wait, hours", [new Series("alone", alone), new Series("federation", together)]) { LogY = true }.ToSvg());
        page.Table(table);
        page.Text("Slowdown is bounded: (wait + run) / max(run, 10 s). 'Sites that wait longer' counts sites whose mean wait in the federation is above that alone by more than a second.");
        return Task.CompletedTask;
    }

    private static double Waits(GridJobResult[] results, int site)
    {
        var own = results.Where(job => job.Site == site).ToList();
        return own.Count == 0 ? 0 : own.Average(job => job.Wait);
    }

    private static double Slowdown(GridJobResult job) => Math.Max(1, (job.Wait + job.Run) / Math.Max(10, job.Run));
}
