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

/// <summary>
/// Runs contenders against each other: every contender in every setting with the same seeds (common random numbers: what differs is the policy).
/// Where memory can run out, the same seeds are run without balancing too, so that it can be told how many kills a policy spared.
/// </summary>
public static class Comparison
{
    /// <param name="contenders">Who.</param>
    /// <param name="settings">Where.</param>
    /// <param name="seeds">Seeds 1..seeds.</param>
    /// <param name="parallel">Runs at a time.</param>
    /// <param name="progress">Told the number of runs done and of all runs, those of the baseline among them.</param>
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
        var without = new RunResult?[settings.Count, seeds];
        var baseline = contenders.FirstOrDefault(contender => LeavesAll(contender.Profile))?.Profile;
        var extra = baseline is null ? Enumerable.Range(0, settings.Count).Where(index => Kills(settings[index].Make(1).Scenario)).ToArray() : [];
        baseline ??= ProfileReader.Load("local");
        var all = runs.Length + extra.Length * seeds;
        var done = 0;
        var options = new ParallelOptions { MaxDegreeOfParallelism = parallel, CancellationToken = cancel };
        await Parallel.ForAsync(0, all, options, (index, token) =>
        {
            var isExtra = index >= runs.Length;
            var seed = index % seeds;
            var place = isExtra ? extra[(index - runs.Length) / seeds] : index / seeds % settings.Count;
            var profile = isExtra ? baseline : contenders[index / seeds / settings.Count].Profile;
            var (workload, scenario) = settings[place].Make((ulong)seed + 1);
            var run = new ClusterSimulation(workload, profile, scenario).Run(token);
            if (!isExtra)
                runs[index] = run;

            if (ReferenceEquals(profile, baseline) && Kills(scenario))
                without[place, seed] = run;

            progress?.Report((Interlocked.Increment(ref done), all));
            return ValueTask.CompletedTask;
        });

        for (var i = 0; i < runs.Length; i++)
        {
            if (without[i / seeds % settings.Count, i % seeds] is { } left)
                runs[i] = runs[i] with { KillsWithoutBalancing = left.Kills };
        }

        var cells = new List<Cell>();
        for (var i = 0; i < runs.Length; i += seeds)
            cells.Add(new Cell(contenders[i / seeds / settings.Count], settings[i / seeds % settings.Count], runs[i..(i + seeds)]));

        return cells;
    }

    private static bool Kills(Scenario scenario) => scenario.KillAbove < double.PositiveInfinity;

    // A profile under which every process stays where it was started: what the shipped profile "local" does, whatever its name.
    private static bool LeavesAll(Profile profile) => profile.Settings.Rules.All(rule => rule.Policy == "none");
}
