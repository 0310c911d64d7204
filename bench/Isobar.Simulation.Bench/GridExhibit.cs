using Isobar.Simulation.Grid;
using Isobar.Simulation.Reports;
using Isobar.Simulation.Workloads;
using static Isobar.Simulation.Bench.Runs;

namespace Isobar.Simulation.Bench;

/// <summary>Scoreboard 6: the LHC Computing Grid, each site for itself and all together.</summary>
internal static class GridExhibit
{
    private const double Move = 60;

    private static readonly (string Name, GridPolicy Policy)[] Policies =
        [("alone", GridPolicy.Isolated), ("owners first", GridPolicy.OwnersFirst), ("never later", GridPolicy.NeverLaterThanAlone)];

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
        page.Text(
            "Three policies. *Alone*: each site for itself. *Owners first*: free slots anywhere, guests leave at once. *Never later*: owners first, and from the moment at which a job would have begun alone a slot of its home is its own. "
            + "The last makes a promise for every job, whatever arrives and whatever moves cost (the proof is at AloneSchedule, a random search for counterexamples is among the tests); owners first alone does not: a job that was sent away may find its home taken by jobs that came after it.");
        var table = new Table(
            "use of slots", "slots", "policy", "mean wait, h", "mean slowdown", "sites that wait longer", "jobs later than alone", "their extra wait, h", "latest, h", "guest starts", "evictions", "begun again");
        var lines = Policies.Select(policy => (policy.Name, Points: new List<(double, double, double)>())).ToList();
        foreach (var use in (double[])[0.5, 0.6, 0.7, 0.8, 0.9])
        {
            var slots = demand.Select(seconds => Math.Max(1, (int)Math.Ceiling(seconds / span / use))).ToArray();
            var outcomes = Map(Policies, policy =>
            {
                var grid = new GridSimulation(jobs, slots, policy.Policy, Move);
                return (Grid: grid, Results: grid.Run());
            });
            var alone = outcomes[0].Results;
            var aloneBySite = Waits(alone, sites);
            for (var i = 0; i < Policies.Length; i++)
            {
                var (grid, results) = outcomes[i];
                var bySite = Waits(results, sites);
                var later = Enumerable.Range(0, jobs.Count).Where(job => results[job].Wait > alone[job].Wait + 1).Select(job => results[job].Wait - alone[job].Wait).ToList();
                table.Add(
                    F(use, "0 %"),
                    F(slots.Sum(), "0"),
                    Policies[i].Name,
                    F(results.Average(job => job.Wait) / 3600, "0.00"),
                    F(results.Average(Slowdown), "0.00"),
                    i == 0 ? "" : F(Enumerable.Range(0, sites).Count(site => bySite[site] > aloneBySite[site] + 1), "0"),
                    i == 0 ? "" : F(later.Count, "0"),
                    i == 0 ? "" : later.Count == 0 ? "0" : F(later.Average() / 3600, "0.000"),
                    i == 0 ? "" : later.Count == 0 ? "0" : F(later.Max() / 3600, "0.00"),
                    F(grid.GuestStarts, "0"),
                    F(grid.Evictions, "0"),
                    F(grid.Restarts, "0"));
                lines[i].Points.Add((100 * use, results.Average(job => job.Wait) / 3600, 0));
            }
        }

        page.Plot("waits", new LinePlot("LCG: mean wait, sites alone and federated", "use of the slots, %", "mean wait, hours", [.. lines.Select(line => new Series(line.Name, line.Points))]) { LogY = true }.ToSvg());
        page.Table(table);
        page.Text("Slowdown is bounded: (wait + run) / max(run, 10 s). Later means by more than a second; 'sites that wait longer' counts sites whose mean wait is.");
        return Task.CompletedTask;
    }

    private static double[] Waits(GridJobResult[] results, int sites)
    {
        var sums = new double[sites];
        var counts = new int[sites];
        foreach (var job in results)
        {
            sums[job.Site] += job.Wait;
            counts[job.Site]++;
        }

        return [.. sums.Zip(counts, (sum, count) => count == 0 ? 0 : sum / count)];
    }

    private static double Slowdown(GridJobResult job) => Math.Max(1, (job.Wait + job.Run) / Math.Max(10, job.Run));
}
