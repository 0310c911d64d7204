using System.CommandLine;
using Isobar.Simulation.Comparing;
using Isobar.Simulation.Reports;

namespace Isobar.Cli.Sim;

/// <summary><c>isobar sim compare</c>: several profiles on the same workload with the same seeds.</summary>
internal static class SimCompareCommand
{
    public static Command Create()
    {
        var profiles = new Argument<string>("profiles")
        {
            Description = "Profiles by commas (shipped names or JSON files; 'all' for every shipped one)",
            DefaultValueFactory = _ => "all",
        };
        var world = new WorldOptions();
        var report = new ReportOptions();
        var command = new Command("compare", "Compare profiles on one workload") { profiles };
        world.AddTo(command);
        report.AddTo(command);
        command.SetAction((parsed, cancel) => ReportOptions.GuardAsync(async () =>
        {
            var contenders = ProfileArguments.LoadMany(parsed.GetValue(profiles)!);
            var setting = world.Setting(parsed);
            var seeds = report.Seeds(parsed);
            IReadOnlyList<Cell> cells;
            using (var bar = new ProgressBar("simulating"))
                cells = await Comparison.RunAsync(contenders, [setting], seeds, report.Parallel(parsed), bar, cancel);

            var summary = $"{contenders.Count} profiles, {seeds} seeds each; ± is the 95 % confidence interval of the mean over seeds.";
            await report.WriteAsync(parsed, new ComparisonReport($"Profiles on {setting.Name}", summary, cells), cancel);
        }));
        return command;
    }
}
