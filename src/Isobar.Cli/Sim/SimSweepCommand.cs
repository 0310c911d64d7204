using System.CommandLine;
using System.Globalization;
using Isobar.Simulation;
using Isobar.Simulation.Comparing;
using Isobar.Simulation.Metrics;
using Isobar.Simulation.Reports;

namespace Isobar.Cli.Sim;

/// <summary><c>isobar sim sweep</c>: one parameter over several values.</summary>
internal static class SimSweepCommand
{
    public static Command Create()
    {
        var profiles = new Argument<string>("profiles") { Description = "Profiles by commas" };
        var parameter = new Option<string>("--parameter", "-p")
        {
            Description = "What varies: STAGE.PARAMETER of the profile (lifetime.residence, dissemination.window, ...), period, or cost (fixed seconds of a move)",
            Required = true,
        };
        var values = new Option<string>("--values", "-v") { Description = "Values by commas", Required = true };
        var figure = new Option<string>("--figure") { Description = "What is plotted", DefaultValueFactory = _ => "slowdown_mean" };
        var logarithmic = new Option<bool>("--log") { Description = "Logarithmic x axis" };
        var world = new WorldOptions();
        var report = new ReportOptions();
        var command = new Command("sweep", "Vary one parameter") { profiles, parameter, values, figure, logarithmic };
        world.AddTo(command);
        report.AddTo(command);
        command.SetAction((parsed, cancel) => ReportOptions.GuardAsync(async () =>
        {
            var path = parsed.GetValue(parameter)!;
            var points = Numbers(parsed.GetValue(values)!);
            var metric = RunMetric.Named(parsed.GetValue(figure)!);
            var bases = ProfileArguments.LoadMany(parsed.GetValue(profiles)!);
            var setting = world.Setting(parsed);
            var cells = new List<Cell>();
            using (var bar = new ProgressBar("simulating"))
            {
                foreach (var (step, point) in points.Index())
                {
                    var label = point.ToString(CultureInfo.InvariantCulture);
                    var isCost = path == "cost";
                    var here = isCost ? Costing(setting, point) : setting;
                    var variants = bases
                        .Select(one => new Contender($"{one.Label} {path}={label}", isCost ? one.Profile : ProfileArguments.With(one.Profile, path, point)))
                        .ToList();
                    var part = new Progress<(int Done, int All)>(p => bar.Report((step * p.All + p.Done, points.Count * p.All)));
                    cells.AddRange(await Comparison.RunAsync(variants, [here], report.Seeds(parsed), report.Parallel(parsed), part, cancel));
                }
            }

            var lines = bases.Select((one, b) => new Series(
                one.Label,
                [.. points.Select((x, i) => (x, cells[i * bases.Count + b].Of(metric).Mean, cells[i * bases.Count + b].Of(metric).HalfWidth))])).ToList();
            var plot = new LinePlot($"{metric.Title} against {path}", path, metric.Title, lines) { LogX = parsed.GetValue(logarithmic) };
            var comparison = new ComparisonReport($"Sweep of {path}", $"Workload {setting.Name}.", cells);
            await report.WriteAsync(
                parsed,
                comparison.ToTable().ToText(),
                comparison.ToCsv,
                () => new HtmlReport($"Sweep of {path}", $"Workload {setting.Name}.").Plot(plot.ToSvg()).Table(comparison.ToTable()).ToString(),
                cancel);
        }));
        return command;
    }

    private static Setting Costing(Setting setting, double seconds) => new(setting.Name, seed =>
    {
        var (workload, scenario) = setting.Make(seed);
        return (workload, scenario with { Costs = scenario.Costs with { FixedSeconds = seconds } });
    });

    private static List<double> Numbers(string text)
    {
        var numbers = new List<double>();
        foreach (var part in text.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!double.TryParse(part, CultureInfo.InvariantCulture, out var number))
                throw new SimulationException($"{part} is no number; give --values as numbers with commas between them.");

            numbers.Add(number);
        }

        return numbers;
    }
}
