using Isobar.Simulation.Comparing;
using Isobar.Simulation.Metrics;

namespace Isobar.Simulation.Reports;

/// <summary>A comparison as a table for the terminal, as CSV with every figure of every run, and as a page with plots.</summary>
public sealed class ComparisonReport(string title, string summary, IReadOnlyList<Cell> cells)
{
    private static readonly string[] Main =
    [
        "slowdown_mean", "slowdown_p95", "slowdown_p99", "delay_mean_s", "makespan_s", "fairness_jain", "utilisation",
        "placements", "moves", "moves_most", "messages_node_s", "load_bytes_node_s", "information_age_s", "stale_share",
    ];

    // Shown only when some contender has them at all.
    private static readonly string[] Special = ["owner_slowdown", "guest_s_beside_owner", "suspensions", "kills", "kills_avoided", "thrashings", "restarts", "unfinished"];

    private readonly bool _manySettings = cells.Select(cell => cell.Setting.Name).Distinct().Count() > 1;

    /// <summary>One row per contender and setting, means with confidence intervals.</summary>
    public Table ToTable()
    {
        var metrics = Shown();
        var table = new Table([.. (string[])(_manySettings ? ["profile", "workload"] : ["profile"]), .. metrics.Select(metric => metric.Title)]);
        foreach (var cell in cells)
        {
            string[] names = _manySettings ? [cell.Contender.Label, cell.Setting.Name] : [cell.Contender.Label];
            table.Add([.. names, .. metrics.Select(metric => Text(cell, metric))]);
        }

        return table;
    }

    /// <summary>One row per run with all figures.</summary>
    public string ToCsv()
    {
        var table = new Table(["profile", "workload", "seed", .. RunMetric.All.Select(metric => metric.Name)]);
        foreach (var cell in cells)
        {
            foreach (var run in cell.Runs)
            {
                table.Add(
                [
                    cell.Contender.Label,
                    cell.Setting.Name,
                    LinePlot.Inv($"{run.Seed}"),
                    .. RunMetric.All.Select(metric => Figure(metric.Of(run))),
                ]);
            }
        }

        return table.ToCsv();
    }

    public string ToHtml()
    {
        var page = new HtmlReport(title, summary);
        foreach (var setting in cells.Select(cell => cell.Setting).Distinct())
        {
            var own = cells.Where(cell => cell.Setting == setting).ToList();
            if (_manySettings)
                page.Heading(setting.Name);

            page.Plot(Bars(setting.Name, own, "slowdown", "mean slowdown (time in the system over time alone)", "slowdown_mean", 1));
            var report = new ComparisonReport(title, summary, own);
            page.Table(report.ToTable(), Best(own));
            page.Plot(Bars(setting.Name, own, "delay", "mean delay in seconds", "delay_mean_s", 0));
            if (own.Exists(cell => cell.Of(RunMetric.Named("load_bytes_node_s")).Mean > 0))
                page.Plot(Bars(setting.Name, own, "price of information", "bytes per node and second", "load_bytes_node_s", 0));

            if (own.Exists(cell => cell.Of(RunMetric.Named("moves")).Mean > 0))
                page.Plot(Bars(setting.Name, own, "moves", "moves per run", "moves", 0));
        }

        return page.ToString();
    }

    private static string Bars(string setting, List<Cell> own, string what, string axis, string metric, double from)
    {
        var values = own.Select(cell => cell.Of(RunMetric.Named(metric))).Select(estimate => (estimate.Mean, estimate.HalfWidth)).ToList();

        // One hopeless contender must not press the others against the axis.
        var ordered = values.Select(value => value.Mean - from).Order().ToList();
        var log = from > 0 && ordered[^1] > 20 * Math.Max(1e-9, ordered[ordered.Count / 2]);
        return new BarPlot($"{setting}: {what}", axis + (log ? " (log scale)" : ""), [.. own.Select(cell => cell.Contender.Label)], [(what, values)])
        {
            From = from,
            Log = log,
        }.ToSvg();
    }

    private HashSet<(int Row, int Column)> Best(List<Cell> own)
    {
        var best = new HashSet<(int, int)>();
        var metrics = new ComparisonReport(title, summary, own).Shown();
        for (var m = 0; m < metrics.Count; m++)
        {
            if (metrics[m].LessIsBetter is not { } less)
                continue;

            var values = own.Select(cell => cell.Of(metrics[m]).Mean).ToList();
            var winner = less ? values.Min() : values.Max();
            if (values.Max() - values.Min() < 1e-9)
                continue;

            for (var r = 0; r < own.Count; r++)
            {
                if (Math.Abs(values[r] - winner) <= 1e-9 * Math.Abs(winner))
                    best.Add((r, m + 1));
            }
        }

        return best;
    }

    private List<RunMetric> Shown() =>
    [
        .. Main.Select(RunMetric.Named),
        .. Special.Select(RunMetric.Named).Where(metric => cells.Any(cell => cell.Runs.Any(run => IsThere(metric, run)))),
    ];

    private static bool IsThere(RunMetric metric, RunResult run) => metric.Name switch
    {
        "owner_slowdown" => run.OwnerSlowdown > 1,
        "kills_avoided" => run.KillsWithoutBalancing > 0 || run.KillsAvoided < 0,
        _ => metric.Of(run) > 0,
    };

    // What is not known is an empty cell, which every reader of CSV files takes as such.
    private static string Figure(double value) => double.IsNaN(value) ? "" : LinePlot.Inv($"{value:0.######}");

    private static string Text(Cell cell, RunMetric metric)
    {
        var estimate = cell.Of(metric);
        return estimate.HalfWidth > 0.0005 * Math.Abs(estimate.Mean) && metric.Name is "slowdown_mean" or "delay_mean_s"
            ? $"{RunMetric.Format(estimate.Mean)} ±{RunMetric.Format(estimate.HalfWidth)}"
            : RunMetric.Format(estimate.Mean);
    }
}
