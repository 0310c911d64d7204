using System.CommandLine;
using Isobar.Simulation.Metrics;
using Isobar.Simulation.Reports;
using Isobar.Simulation.Workloads;
using Isobar.Simulation.World;

namespace Isobar.Cli.Sim;

/// <summary><c>isobar sim run</c>: one profile, one run, every figure; on request the log of what happened, and the workload for a replay.</summary>
internal static class SimRunCommand
{
    public static Command Create()
    {
        var name = new Argument<string>("profile") { Description = "A shipped profile, a JSON file, or none", DefaultValueFactory = _ => "isobar" };
        var seed = new Option<ulong>("--seed") { Description = "Seed", DefaultValueFactory = _ => 1 };
        var log = new Option<FileInfo?>("--log") { Description = "Write what happened, line by line, to this file" };
        var record = new Option<FileInfo?>("--record") { Description = "Write the workload to this file, for a replay with -w trace:FILE" };
        var world = new WorldOptions();
        var command = new Command("run", "Run one profile once and show every figure") { name, seed, log, record };
        world.AddTo(command);
        command.SetAction((parsed, cancel) => ReportOptions.GuardAsync(async () =>
        {
            var profile = ProfileArguments.Load(parsed.GetValue(name)!);
            var (workload, scenario) = world.Setting(parsed).Make(parsed.GetValue(seed));
            if (parsed.GetValue(record) is { } recordFile)
            {
                await using var writer = recordFile.CreateText();
                ProcessTrace.Write(workload, writer);
            }

            RunResult result;
            await using (var writer = parsed.GetValue(log)?.CreateText())
            {
                var observer = writer is null ? null : new RunLog(writer);
                result = await Task.Run(() => new ClusterSimulation(workload, profile, scenario, observer).Run(cancel), cancel);
            }

            var table = new Table("figure", result.Profile);
            foreach (var metric in RunMetric.All.Where(metric => !double.IsNaN(metric.Of(result))))
                table.Add(metric.Title, RunMetric.Format(metric.Of(result)));

            await Console.Out.WriteAsync(table.ToText().AsMemory(), cancel);
        }));
        return command;
    }
}
