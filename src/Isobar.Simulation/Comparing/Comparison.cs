using Isobar.Balancing.Profiles;
using Isobar.Simulation.Metrics;
using Isobar.Simulation.Statistics;
using Isobar.Simulation.Workloads;
using Isobar.Simulation.World;

namespace Isobar.Simulation.Comparing;

/// <summary>A workload and the world that it runs in, made anew for each seed.</summary>
/// <param name="Name">Name for tables.</param>
/// <param name="Make">Workload and scenario of a seed.</param>
public sealed record Setting(string Name, Func<ulong, (Workload Workload, Scenario Scenario)> Make);

/// <summary>A profile under a label (a sweep has many variants of one profile).</summary>
public sealed record Contender(string Label, Profile Profile);

/// <summary>All runs of one contender in one setting.</summary>
public sealed record Cell(Contender Contender, Setting Setting, IReadOnlyList<RunResult> Runs)
{
    public Estimate Of(RunMetric metric)
    {
        ArgumentNullException.ThrowIfNull(metric);
        return Estimate.Of([.. Runs.Select(metric.Of)]);
    }
}

/// <summary>Runs contenders against each other: every contender in every setting with the same seeds (common random numbers: what differs is the policy).</summary>
public static class Comparison
{
    /// <param name="contenders">Who.</param>
    /// <param name="settings">Where.</param>
    /// <param name="seeds">Seeds 1..seeds.</param>
    /// <param name="parallel">Runs at a time.</param>
    /// <param name="progress">Told the number of runs done and of all runs.</param>
    /// <param name="cancel">Stops it.</param>
    public static async Task<IReadOnlyList<Cell>> RunAsync(
        IReadOnlyList<Contender> contenders,
        IReadOnlyList<Setting> settings,
        int seeds,
        int parallel,
        IProgress<(int Done, int All)>? progress,
        CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(contenders);
        ArgumentNullException.ThrowIfNull(settings);
        var runs = new RunResult[contenders.Count * settings.Count * seeds];
        var done = 0;
        var options = new ParallelOptions { MaxDegreeOfParallelism = parallel, CancellationToken = cancel };
        await Parallel.ForAsync(0, runs.Length, options, (index, token) =>
        {
            var contender = contenders[index / seeds / settings.Count];
            var setting = settings[index / seeds % settings.Count];
            var (workload, scenario) = setting.Make((ulong)(index % seeds + 1));
            runs[index] = new ClusterSimulation(workload, contender.Profile, scenario).Run(token);
            progress?.Report((Interlocked.Increment(ref done), runs.Length));
            return ValueTask.CompletedTask;
        });

        var cells = new List<Cell>();
        for (var i = 0; i < runs.Length; i += seeds)
            cells.Add(new Cell(contenders[i / seeds / settings.Count], settings[i / seeds % settings.Count], runs[i..(i + seeds)]));

        return cells;
    }
}
