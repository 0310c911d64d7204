using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;
using Isobar.Simulation.Reports;
using Isobar.Simulation.Statistics;
using Isobar.Simulation.Workloads;
using Isobar.Simulation.World;
using static Isobar.Simulation.Bench.Runs;

namespace Isobar.Simulation.Bench;

/// <summary>Whether what the trace shows holds for other laws of lifetimes and of arrivals.</summary>
internal static class LoadsExhibit
{
    private const int Nodes = 12;
    private const int Seeds = 4;
    private const double Load = 0.7;

    private static readonly string[] Contenders = ["local", "best-of-two", "openmosix", "harchol-balter-downey", "isobar"];

    private static readonly (string Name, LifetimeLaw Law)[] Demands =
    [
        ("exponential", new LifetimeLaw(LifetimeShape.Exponential, 2)),
        ("hyperexponential, variation 10", new LifetimeLaw(LifetimeShape.Hyperexponential, 2, 10)),
        ("Pareto, tail 1.5", new LifetimeLaw(LifetimeShape.Pareto, 2, 1.5, 1e4)),
        ("Pareto, tail 1 (measured)", new LifetimeLaw(LifetimeShape.Pareto, 2, 1, 1e4)),
    ];

    private static readonly (string Name, LifetimeLaw Law)[] Gaps =
    [
        ("Poisson", new LifetimeLaw(LifetimeShape.Exponential, 1)),
        ("hyperexponential, variation 10", new LifetimeLaw(LifetimeShape.Hyperexponential, 1, 10)),
        ("Pareto, tail 1.5", new LifetimeLaw(LifetimeShape.Pareto, 1, 1.5, 1e4)),
    ];

    public static Task MakeAsync(ExhibitPage page)
    {
        page.Text(
            $"{Nodes} machines of one core at load {F(Load, "0.0")}, the busiest with 1.8 times the mean load and the quietest with 0.2; demands of 2 s in the mean, ten minutes of arrivals, {Seeds} seeds, the same arrivals for all. A move costs 0.15 s, 100 MB at 1 GB/s, and CPU at both ends; a remote start 30 ms. "
            + "Mean slowdown (mean delay in seconds). harchol-balter-downey has perfect knowledge, all others what they gossip or ask for; all jobs have one name, so isobar's signatures can tell nobody apart.");
        var weights = Enumerable.Range(0, Nodes).Select(i => 1.8 - 1.6 * i / (Nodes - 1)).ToArray();
        var table = new Table(["arrivals", "demands", .. Contenders]);
        var bars = Contenders.Select(_ => new List<(double, double)>()).ToList();
        foreach (var (arrivals, gaps) in Gaps)
        {
            foreach (var (demands, law) in Demands)
            {
                var results = Map(Contenders.SelectMany(name => Enumerable.Range(1, Seeds).Select(seed => (name, seed))), one => Run(
                    Generators.Renewal(Nodes, Load, law, gaps, 600, (ulong)one.seed, weights),
                    ProfileReader.Load(one.name),
                    new Scenario { Machines = [new MachineKind(CoreSet.Uniform(1), double.PositiveInfinity)], Costs = MoveCosts.ModernWithCpu, Seed = (ulong)one.seed })).Chunk(Seeds).ToList();
                table.Add([arrivals, demands, .. results.Select(runs => $"{F(runs.Average(run => run.MeanSlowdown), "0.00")} ({F(runs.Average(run => run.MeanDelay), "0.00")})")]);
                for (var i = 0; i < Contenders.Length; i++)
                {
                    var estimate = Estimate.Of([.. results[i].Select(run => run.MeanSlowdown)]);
                    bars[i].Add((estimate.Mean, estimate.HalfWidth));
                }
            }
        }

        var plain = Demands.Length;
        page.Plot(
            "slowdown by law of demands",
            new BarPlot("Poisson arrivals: mean slowdown", "mean slowdown (log scale)", [.. Demands.Select(one => one.Name)], [.. Contenders.Select((name, i) => (name, bars[i].Take(plain).ToList()))]) { From = 1, Log = true }.ToSvg());
        page.Table(table);
        return Task.CompletedTask;
    }
}
