using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;
using Isobar.Simulation.Metrics;
using Isobar.Simulation.Networks;
using Isobar.Simulation.Reports;
using Isobar.Simulation.Statistics;
using Isobar.Simulation.Workloads;
using Isobar.Simulation.World;
using static Isobar.Simulation.Bench.Runs;

namespace Isobar.Simulation.Bench;

/// <summary>Eager, Lazowska and Zahorjan (1988) and Harchol-Balter and Downey (1996): the law of lifetimes decides whether migration pays.</summary>
internal static class LifetimesExhibit
{
    private const int Nodes = 10;
    private const double Mean = 1;
    private const int Seeds = 6;
    private const double Cost = 0.75;

    public static Task MakeAsync(ExhibitPage page)
    {
        StageSettings[] placements = [.. ((double[])[0, 1, 2]).Select(within => new StageSettings("least-loaded").With("within", within))];
        var migration = new StageSettings("lifetime").With("movesAtOnce", 1000);
        List<Profile> fixedPlace = [None, .. placements.Select(place => Make("placement", place))];
        List<Profile> moving = [Make("migration", migration), .. placements.Select(place => Make("placement and migration", place, migration))];
        var world = new Scenario
        {
            Machines = [new MachineKind(CoreSet.Uniform(1), double.PositiveInfinity)],
            Topology = new Topology { Latency = 0 },
            Costs = new MoveCosts { FixedSeconds = Cost, PlacementSeconds = Cost, BytesPerSecond = 1e18 },
            WarmUp = 200,
        };
        (string Name, LifetimeLaw Law, double Seconds)[] laws =
        [
            ("exponential (Eager et al. 1988)", new LifetimeLaw(LifetimeShape.Exponential, Mean), 3000),
            ("hyperexponential, variation 10", new LifetimeLaw(LifetimeShape.Hyperexponential, Mean, 10), 3000),
            ("P(L>t) ~ 1/t (Harchol-Balter, Downey 1996)", new LifetimeLaw(LifetimeShape.Pareto, Mean, 1, 1e5), 6000),
        ];
        double[] loads = [0.3, 0.5, 0.7, 0.8, 0.9];
        page.Text(
            $"{Nodes} machines, Poisson arrivals, mean demand {Mean} s; a remote start and a move cost {Cost} s each (0.3 s for a mean of 0.4 s on the trace); perfect knowledge. Plotted: by how much the best policy that moves running processes beats the best that only places new ones. "
            + "Without moves: none, or least loaded with a margin of 0, 1 or 2 processes. With moves: age > cost/(n-m) at arrivals, alone or after these placements. "
            + $"{Seeds} seeds, the same arrivals for all; bars are 95 % intervals.");
        var lines = new List<Series>();
        var responses = new List<Series>();
        var table = new Table("lifetimes", "load", "slowdown none", "best placement", "best with moves", "gain", "gain in response");
        foreach (var (name, law, seconds) in laws)
        {
            var points = loads.Select(load =>
            {
                var runs = Map(Enumerable.Range(1, Seeds), seed =>
                {
                    var workload = Generators.Poisson(Nodes, load, law, seconds, (ulong)seed);
                    var scenario = world with { Seed = (ulong)seed };
                    return (Fixed: fixedPlace.Select(one => Run(workload, one, scenario)).ToList(), Moving: moving.Select(one => Run(workload, one, scenario)).ToList());
                });

                // The best policy is chosen over all seeds, then compared seed by seed.
                (Estimate Gain, double Without, double With) Compare(Func<RunResult, double> of)
                {
                    var f = Enumerable.Range(0, fixedPlace.Count).MinBy(i => runs.Average(run => of(run.Fixed[i])));
                    var m = Enumerable.Range(0, moving.Count).MinBy(i => runs.Average(run => of(run.Moving[i])));
                    return (Estimate.Of([.. runs.Select(run => 100 * (1 - of(run.Moving[m]) / of(run.Fixed[f])))]), runs.Average(run => of(run.Fixed[f])), runs.Average(run => of(run.Moving[m])));
                }

                var slowdown = Compare(run => run.MeanSlowdown);
                var response = Compare(run => run.MeanResponse);
                table.Add(
                    name,
                    F(load, "0.0"),
                    F(runs.Average(run => run.Fixed[0].MeanSlowdown), "0.00"),
                    F(slowdown.Without, "0.00"),
                    F(slowdown.With, "0.00"),
                    F(slowdown.Gain.Mean, "0.0") + " %",
                    F(response.Gain.Mean, "0.0") + " %");
                return (Slowdown: (load, slowdown.Gain.Mean, slowdown.Gain.HalfWidth), Response: (load, response.Gain.Mean, response.Gain.HalfWidth));
            }).ToList();
            lines.Add(new Series(name, [.. points.Select(point => point.Slowdown)]));
            responses.Add(new Series(name, [.. points.Select(point => point.Response)]));
        }

        page.Plot("gain of migration in slowdown", new LinePlot("What moving adds to the best placement: mean slowdown", "offered load", "reduction, %", Short(lines)) { FromY = Math.Min(0, lines.SelectMany(l => l.Points).Min(p => p.Y)) }.ToSvg());
        page.Plot("gain of migration in response time", new LinePlot("What moving adds to the best placement: mean response time", "offered load", "reduction, %", Short(responses)).ToSvg());
        page.Table(table);
        page.Text(
            "Eager, Lazowska and Zahorjan judged by mean response: with exponential lifetimes moving adds less than 1 % to placing, their result; with the measured tail it adds 6 to 14 %. "
            + "Harchol-Balter and Downey judged by slowdown: with the measured tail 21 to 46 %, their result. By that yardstick moving pays with exponential lifetimes too when a remote start costs as much as a typical process lasts: "
            + "placing must then charge the short ones or leave them in the queue, while age tells which ones are worth the cost. So the two papers differ in the yardstick as well as in the law.");
        return Task.CompletedTask;
    }

    private static Profile Make(string name, params IReadOnlyList<StageSettings> rules) =>
        new(new ProfileSettings { Name = name, Dissemination = new("oracle"), Rules = rules, OnArrival = true, PeriodSeconds = 3600 });

    private static List<Series> Short(List<Series> lines) =>
        [.. lines.Select((line, i) => line with { Name = ((string[])["exponential", "hyperexponential", "1/t tail"])[i] })];
}
