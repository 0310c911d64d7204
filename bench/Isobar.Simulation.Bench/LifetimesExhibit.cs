using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;
using Isobar.Simulation.Networks;
using Isobar.Simulation.Reports;
using Isobar.Simulation.Statistics;
using Isobar.Simulation.World;
using Isobar.Simulation.Workloads;
using static Isobar.Simulation.Bench.Runs;

namespace Isobar.Simulation.Bench;

/// <summary>Eager, Lazowska and Zahorjan (1988) and Harchol-Balter and Downey (1996): the law of lifetimes decides whether migration pays.</summary>
internal static class LifetimesExhibit
{
    private const int Nodes = 10;
    private const double Mean = 1;
    private const int Seeds = 8;

    public static Task MakeAsync(ExhibitPage page)
    {
        var placement = new Profile(new ProfileSettings { Name = "placement", Dissemination = new("oracle"), Rules = [new StageSettings("least-loaded").With("within", 0)] });
        var both = new Profile(new ProfileSettings
        {
            Name = "placement and migration",
            Dissemination = new("oracle"),
            Rules = [new StageSettings("least-loaded").With("within", 0), new StageSettings("lifetime").With("movesAtOnce", 1000)],
            OnArrival = true,
        });
        var world = new Scenario
        {
            Machines = [new MachineKind(CoreSet.Uniform(1), double.PositiveInfinity)],
            Topology = new Topology { Latency = 0 },
            Costs = new MoveCosts { FixedSeconds = 0.3, PlacementSeconds = 0.1, BytesPerSecond = 1e18 },
            WarmUp = 200,
        };
        (string Name, LifetimeLaw Law, double Seconds)[] laws =
        [
            ("exponential (Eager et al. 1988)", new LifetimeLaw(LifetimeShape.Exponential, Mean), 4000),
            ("hyperexponential, variation 10", new LifetimeLaw(LifetimeShape.Hyperexponential, Mean, 10), 6000),
            ("P(L>t) ~ 1/t (Harchol-Balter, Downey 1996)", new LifetimeLaw(LifetimeShape.Pareto, Mean, 1, 1e5), 12000),
        ];
        double[] loads = [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
        page.Text(
            $"{Nodes} machines, Poisson arrivals, mean demand {Mean} s; a remote start costs 0.1 s, a move 0.3 s; perfect knowledge. Plotted: by how much migration (age > cost/(n-m)) added to placement on the least loaded "
            + $"machine lowers the mean slowdown. {Seeds} seeds, the same arrivals for both; bars are 95 % intervals.");
        var lines = new List<Series>();
        var responses = new List<Series>();
        var table = new Table("lifetimes", "load", "slowdown none", "placement", "with migration", "gain", "gain in response");
        foreach (var (name, law, seconds) in laws)
        {
            var points = loads.Select(load =>
            {
                var runs = Map(Enumerable.Range(1, Seeds), seed =>
                {
                    var workload = Generators.Poisson(Nodes, load, law, seconds, (ulong)seed);
                    var scenario = world with { Seed = (ulong)seed };
                    return (None: Run(workload, None, scenario), Placed: Run(workload, placement, scenario), Both: Run(workload, both, scenario));
                });
                var gain = Estimate.Of([.. runs.Select(run => 100 * (1 - run.Both.MeanSlowdown / run.Placed.MeanSlowdown))]);
                var response = Estimate.Of([.. runs.Select(run => 100 * (1 - run.Both.MeanResponse / run.Placed.MeanResponse))]);
                table.Add(
                    name,
                    F(load, "0.0"),
                    F(runs.Average(run => run.None.MeanSlowdown), "0.00"),
                    F(runs.Average(run => run.Placed.MeanSlowdown), "0.00"),
                    F(runs.Average(run => run.Both.MeanSlowdown), "0.00"),
                    F(gain.Mean, "0.0") + " %",
                    F(response.Mean, "0.0") + " %");
                return (Slowdown: (load, gain.Mean, gain.HalfWidth), Response: (load, response.Mean, response.HalfWidth));
            }).ToList();
            lines.Add(new Series(name, [.. points.Select(point => point.Slowdown)]));
            responses.Add(new Series(name, [.. points.Select(point => point.Response)]));
        }

        page.Plot("gain of migration in slowdown", new LinePlot("What migration adds to good placement: mean slowdown", "offered load", "reduction, %", Short(lines)) { FromY = Math.Min(0, lines.SelectMany(l => l.Points).Min(p => p.Y)) }.ToSvg());
        page.Plot("gain of migration in response time", new LinePlot("What migration adds to good placement: mean response time", "offered load", "reduction, %", Short(responses)).ToSvg());
        page.Table(table);
        return Task.CompletedTask;
    }

    private static List<Series> Short(List<Series> lines) =>
        [.. lines.Select((line, i) => line with { Name = ((string[])["exponential", "hyperexponential", "1/t tail"])[i] })];
}
