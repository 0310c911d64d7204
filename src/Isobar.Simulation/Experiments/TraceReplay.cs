using Isobar.Balancing.Load;
using Isobar.Simulation.Networks;
using Isobar.Simulation.Workloads;
using Isobar.Simulation.World;

namespace Isobar.Simulation.Experiments;

/// <summary>The setting of scoreboard 1: hosts of one standard core, memory without limit, and the costs of 1996 or of today.</summary>
public static class TraceReplay
{
    private static readonly MachineKind Host = new(CoreSet.Uniform(1), double.PositiveInfinity);

    // The independent replay has no latency beside the cost of the move itself.
    private static readonly Topology Instant = new() { Latency = 0 };

    /// <summary>
    /// Hosts that differ in speed by a quarter of a millionth each: policies that draw among equal targets then take the lowest number, as the
    /// independent replay does.
    /// </summary>
    public static IReadOnlyList<MachineKind> OrderedHosts { get; } =
        [.. Enumerable.Range(0, 8).Select(i => new MachineKind(CoreSet.Uniform(1, 1 - i * 2.4e-7f), double.PositiveInfinity))];

    /// <summary>0.3 s + memory at 0.5 MB/s, memory exponential with mean 1 MB.</summary>
    public static Scenario Scenario1996 { get; } = new()
    {
        Machines = [Host],
        Topology = Instant,
        Costs = MoveCosts.Of1996,
        MeanMemory = 1e6,
        ExponentialMemory = true,
    };

    /// <summary>0.15 s + 100 MB at 1 GB/s.</summary>
    public static Scenario ScenarioModern { get; } = new() { Machines = [Host], Topology = Instant, Costs = MoveCosts.Modern, MeanMemory = 100e6 };

    /// <summary>All hosts of a run as one machine with as many cores: what no balancing of whole processes can beat.</summary>
    public static IReadOnlyList<MachineKind> OneMachine(int cores) => [new MachineKind(CoreSet.Uniform(cores), double.PositiveInfinity)];

    /// <summary>The run with all processes on one node.</summary>
    public static Workload Pooled(Workload run)
    {
        ArgumentNullException.ThrowIfNull(run);
        return new Workload(run.Name, 1, [.. run.Items.Select(item => item with { Home = 0 })]);
    }

    /// <summary>
    /// The programs whose processes live longest on average, over all given runs; those seen less often than
    /// <paramref name="atLeast"/> times are left out, since a mean of a few says nothing.
    /// </summary>
    public static HashSet<ulong> LongLivedPrograms(IEnumerable<Workload> runs, int count, int atLeast)
    {
        ArgumentNullException.ThrowIfNull(runs);
        var sums = new Dictionary<string, (double Cpu, int Times)>(StringComparer.Ordinal);
        foreach (var item in runs.SelectMany(run => run.Items))
        {
            sums.TryGetValue(item.Name, out var sum);
            sums[item.Name] = (sum.Cpu + item.Cpu, sum.Times + 1);
        }

        return sums.Where(pair => pair.Value.Times >= atLeast)
            .OrderByDescending(pair => pair.Value.Cpu / pair.Value.Times)
            .ThenBy(pair => pair.Key, StringComparer.Ordinal)
            .Take(count)
            .Select(pair => WorkItem.Fingerprint(pair.Key))
            .ToHashSet();
    }
}
