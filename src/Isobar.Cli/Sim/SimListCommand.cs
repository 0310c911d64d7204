using System.CommandLine;
using Isobar.Balancing.Profiles;
using Isobar.Simulation.Metrics;
using Isobar.Simulation.Reports;
using Isobar.Simulation.Workloads;

namespace Isobar.Cli.Sim;

/// <summary><c>isobar sim list</c>: profiles, workloads and figures.</summary>
internal static class SimListCommand
{
    public static Command Create()
    {
        var command = new Command("list", "List profiles, workloads and figures");
        command.SetAction(async (_, cancel) =>
        {
            var profiles = new Table("profile", "what it is");
            foreach (var name in ProfileReader.Shipped)
                profiles.Add(name, ProfileReader.Load(name).Settings.Title);

            var workloads = new Table("workload", "parameters (with defaults)", "what it is");
            foreach (var (name, parameters, summary) in WorkloadCatalog.Kinds)
                workloads.Add(name, parameters, summary);

            var figures = new Table("figure", "heading");
            foreach (var metric in RunMetric.All)
                figures.Add(metric.Name, metric.Title);

            foreach (var table in (Table[])[profiles, workloads, figures])
                await Console.Out.WriteLineAsync(table.ToText(leftAligned: true).AsMemory(), cancel);

            return 0;
        });
        return command;
    }
}
