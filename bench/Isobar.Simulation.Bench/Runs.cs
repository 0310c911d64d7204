using System.Globalization;
using Isobar.Balancing.Consideration;
using Isobar.Balancing.Profiles;
using Isobar.Simulation.Metrics;
using Isobar.Simulation.Workloads;
using Isobar.Simulation.World;

namespace Isobar.Simulation.Bench;

/// <summary>Small words of the exhibits.</summary>
internal static class Runs
{
    public static Profile None { get; } = new(new ProfileSettings { Name = "none", Dissemination = new("oracle") });

    public static RunResult Run(Workload workload, Profile profile, Scenario scenario, Func<int, IReadOnlyList<ConsiderationRule>>? rules = null) =>
        new ClusterSimulation(workload, profile, scenario, null, rules).Run();

    /// <summary>Runs a function over many values, two at a time, results in order.</summary>
    public static TOut[] Map<TIn, TOut>(IEnumerable<TIn> values, Func<TIn, TOut> run) =>
        [.. values.AsParallel().AsOrdered().WithDegreeOfParallelism(Environment.ProcessorCount).Select(run)];

    /// <summary>Mean over runs, weighted by their processes.</summary>
    public static double Mean(IReadOnlyList<RunResult> runs, Func<RunResult, double> of) =>
        runs.Sum(run => of(run) * run.Processes) / runs.Sum(run => (double)run.Processes);

    public static string F(double value, string format = "0.000") => value.ToString(format, CultureInfo.InvariantCulture);

    // Rounded first: what rounds to nothing from below would get both signs.
    public static string Percent(double value) => (Math.Round(value, 3) + 0.0).ToString("+0.0 %;-0.0 %;0.0 %", CultureInfo.InvariantCulture);
}
