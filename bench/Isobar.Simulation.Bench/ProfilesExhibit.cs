using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;
using Isobar.Simulation.Comparing;
using Isobar.Simulation.Experiments;
using Isobar.Simulation.Metrics;
using Isobar.Simulation.Reports;
using Isobar.Simulation.Workloads;
using Isobar.Simulation.World;

namespace Isobar.Simulation.Bench;

/// <summary>Every shipped profile on a real trace, on a memory-heavy and on an owner-rich workload.</summary>
internal static class ProfilesExhibit
{
    private const int Seeds = 4;

    public static async Task MakeAsync(ExhibitPage page)
    {
        var trace = ProcessTrace.ReadRuns(ExhibitPage.Trace("unix-processes-6.csv"));
        var law = new LifetimeLaw(LifetimeShape.Pareto, 4, 1, 1e4);
        Setting[] settings =
        [
            new("process trace", seed => (trace[(int)(seed - 1)], TraceReplay.ScenarioModern with { Costs = MoveCosts.ModernWithCpu, Seed = seed, EndAt = 7200 })),
            new("memory-heavy", seed => (Generators.Mixed(12, 0.5, 1800, seed), new Scenario
            {
                Machines = [new MachineKind(CoreSet.Uniform(1), 1e9)],
                Costs = MoveCosts.ModernWithCpu with { Contention = true },
                KillAbove = 2,
                EndAt = 5400,
                Seed = seed,
            })),
            new("owner-rich", seed => (Generators.Poisson(16, 0.4, law, 3600, seed, [.. Enumerable.Range(0, 16).Select(i => i < 4 ? 3.0 : 1.0 / 3)]), new Scenario
            {
                Machines = [new MachineKind(new CoreSet(1f, 1f), 8e9)],
                Costs = MoveCosts.ModernWithCpu,
                MeanMemory = 200e6,
                ExponentialMemory = true,
                Owners = new OwnerModel { Share = 0.75, PresentSeconds = 600, AbsentSeconds = 1200 },
                EndAt = 10_800,
                Seed = seed,
            })),
        ];
        var contenders = ProfileReader.Shipped.Select(name => new Contender(name, ProfileReader.Load(name))).ToList();
        var cells = await Comparison.RunAsync(contenders, settings, Seeds, Environment.ProcessorCount, null, CancellationToken.None);
        page.Text(
            $"All {contenders.Count} shipped profiles, {Seeds} seeds each (for the trace: runs 0 to 3). Moves cost 0.15 s, memory at 1 GB/s, and CPU at both ends. Memory-heavy: 12 machines of 1 GB, tenfold slow-down when overcommitted, a kill at twice the memory, contended links, "
            + "the first third of the machines is the home of memory-hungry processes. Owner-rich: 16 two-core machines, three quarters with an owner who comes and goes, four of them the home of most work. A run ends at three times the length of the workload (the trace: twice); what has not ended then is counted. Ordered by mean slowdown, unfinished processes counted against it.");
        foreach (var setting in settings)
        {
            var own = cells.Where(cell => cell.Setting == setting).OrderBy(cell => Rank(cell)).ToList();
            page.Heading(setting.Name);
            string[] columns =
            [
                "slowdown_mean", "slowdown_median", "slowdown_p99", "delay_mean_s", "fairness_jain", "moves", "moves_most", "placements", "messages_node_s", "load_bytes_node_s", "busiest_messages_s", "information_age_s", "stale_share",
                .. (string[])(setting.Name switch
                {
                    "memory-heavy" => ["kills", "kills_avoided", "thrashings", "unfinished"],
                    "owner-rich" => ["owner_slowdown", "guest_s_beside_owner", "suspensions", "unfinished"],
                    _ => ["unfinished"],
                }),
            ];
            var metrics = columns.Select(RunMetric.Named).ToList();
            var table = new Table(["profile", .. metrics.Select(metric => metric.Title)]);
            foreach (var cell in own)
                table.Add([cell.Contender.Label, .. metrics.Select(metric => Text(cell, metric))]);

            var values = own.Select(cell => cell.Of(RunMetric.Named("slowdown_mean"))).ToList();
            var spread = values.Max(value => value.Mean) > 20 * values[values.Count / 2].Mean;
            page.Plot($"slowdown by profile: {setting.Name}", new BarPlot($"All profiles: {setting.Name}", "mean slowdown" + (spread ? " (log scale)" : ""), [.. own.Select(cell => cell.Contender.Label)], [("slowdown", [.. values.Select(value => (value.Mean, 0.0))])])
            {
                From = values.Min(value => value.Mean) < 1 ? 0.5 : 1,
                Log = spread,
            }.ToSvg());
            page.Table(table);
        }
    }

    // A process that never ended counts against its profile.
    private static double Rank(Cell cell) => cell.Of(RunMetric.Named("slowdown_mean")).Mean * (1 + cell.Of(RunMetric.Named("unfinished")).Mean);

    private static string Text(Cell cell, RunMetric metric)
    {
        var estimate = cell.Of(metric);
        return metric.Name == "slowdown_mean" ? $"{RunMetric.Format(estimate.Mean)} ±{RunMetric.Format(estimate.HalfWidth)}" : RunMetric.Format(estimate.Mean);
    }
}
