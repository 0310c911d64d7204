using Isobar.Balancing.Consideration;
using Isobar.Balancing.Profiles;
using Isobar.Simulation.Experiments;
using Isobar.Simulation.Metrics;
using Isobar.Simulation.Reports;
using Isobar.Simulation.Workloads;
using Isobar.Simulation.World;
using static Isobar.Simulation.Bench.Runs;

namespace Isobar.Simulation.Bench;

/// <summary>Scoreboard 1: the replay of the process trace.</summary>
internal static class TraceExhibit
{
    private const int Seeds = 20;

    // Figures of the independent replay (scoreboard 1), by run.
    private static readonly double[] NoneSlowdown = [3.02, 2.64, 3.24, 2.48, 3.27, 4.52];
    private static readonly double[] NamesSlowdown = [1.78, 1.85, 1.94, 1.75, 1.83, 2.02];
    private static readonly double[] OracleSlowdown = [1.43, 1.47, 1.51, 1.45, 1.45, 1.59];
    private static readonly double[] PreemptiveSlowdown = [1.50, 1.54, 1.54, 1.51, 1.49, 1.61];
    private static readonly double[] NoneDelay = [.705, .561, .768, .452, .789, 1.372];
    private static readonly double[] PreemptiveDelay = [.158, .203, .200, .154, .172, .262];

    // With perfect knowledge every change is a reason to look anew.
    private static readonly Profile Free = new(new ProfileSettings { Name = "free", Dissemination = new("oracle"), PeriodSeconds = 3600, OnArrival = true, OnDeparture = true, OnNews = true });

    private static readonly MoveCosts FreeMoves = new() { FixedSeconds = 0, PlacementSeconds = 0, BytesPerSecond = 1e18 };

    public static Task MakeAsync(ExhibitPage page)
    {
        var runs = ProcessTrace.ReadRuns(ExhibitPage.Trace("unix-processes-6.csv")).Values.ToList();
        Replay(page, runs);
        Isobar(page, runs);
        Sensitivity(page, runs);
        return Task.CompletedTask;
    }

    private static void Replay(ExhibitPage page, List<Workload> runs)
    {
        var names = TraceReplay.LongLivedPrograms(runs, 15, 50);
        var hbd = ProfileReader.Load("harchol-balter-downey");
        var world = TraceReplay.Scenario1996 with { Machines = TraceReplay.OrderedHosts };
        var none = runs.Select(run => Run(run, None, world)).ToList();
        var byName = runs.Select(run => Run(run, None, world, _ => [new NamesRule(names)])).ToList();
        var oracle = runs.Select(run => Run(run, None, world with { KnownDemand = true }, _ => [new OracleRule()])).ToList();
        var preemptive = runs.Select(run => Map(Enumerable.Range(1, Seeds), seed => Run(run, hbd, world with { Seed = (ulong)seed }))).ToList();
        page.Heading("The independent replay, reproduced");
        page.Text(
            $"Six hosts of speed 1, processor sharing, perfect knowledge. The preemptive row draws memory sizes at random: the mean of {Seeds} seeds, and the range of single seeds, in which a single published draw should lie. "
            + "Equal targets: the one of the lowest number, as the replay does (the policies draw among equals, which costs the plain rule 10 % of delay here: the lowest host is often the quiet one). Names: the 15 programs with the longest mean among those seen at least 50 times.");
        var table = new Table("slowdown", "run 0", "1", "2", "3", "4", "5", "largest deviation");
        Add(table, "none", none, r => r.MeanSlowdown, NoneSlowdown);
        Add(table, "start-time placement by names", byName, r => r.MeanSlowdown, NamesSlowdown);
        Add(table, "start-time placement, oracle", oracle, r => r.MeanSlowdown, OracleSlowdown);
        AddSeeds(table, "preemptive, age > cost/(n-m)", preemptive, r => r.MeanSlowdown, PreemptiveSlowdown);
        var free = runs.Select(run => Run(run, Free, world with { Costs = FreeMoves }, _ => [new FreeBalancingRule()])).ToList();
        var pooled = runs.Select(run => Run(TraceReplay.Pooled(run), None, world with { Machines = TraceReplay.OneMachine(run.Nodes) })).ToList();
        table.Add(["free instant migration (here)", .. free.Select(run => F(run.MeanSlowdown)), ""]);
        table.Add(["one machine of six cores (here)", .. pooled.Select(run => F(run.MeanSlowdown)), ""]);
        page.Table(table);
        page.Text(
            $"Over all runs: free instant migration {F(Mean(free, run => run.MeanSlowdown))}, one machine of six cores {F(Mean(pooled, run => run.MeanSlowdown))} (published for free instant migration: 1.02, to two digits). "
            + "The lifetime rule at no cost does not get there, since it wants an age above zero and arrivals of this trace are told to 0.1 s: processes that arrive together have none.");
        var delays = new Table("mean delay, s", "run 0", "1", "2", "3", "4", "5", "largest deviation");
        Add(delays, "none", none, r => r.MeanDelay, NoneDelay);
        AddSeeds(delays, "preemptive", preemptive, r => r.MeanDelay, PreemptiveDelay);
        page.Table(delays);
        SingleDraws(page, preemptive);
    }

    /// <summary>Whether the published preemptive figures, one draw of memory sizes each, could be draws of ours.</summary>
    private static void SingleDraws(ExhibitPage page, List<RunResult[]> preemptive)
    {
        page.Text(
            "The published preemptive figures are one draw of memory sizes per run, so they scatter about our mean as our own single draws do. In standard deviations of our single draws (a single draw of the mean delay deviates by the stated share of it; "
            + "with twelve figures, one beyond 2 is expected in about every second such table):");
        var table = new Table("preemptive, published - mean here, in standard deviations", "run 0", "1", "2", "3", "4", "5", "root mean square");
        foreach (var (name, of, published) in new (string, Func<RunResult, double>, double[])[] { ("slowdown", r => r.MeanSlowdown, PreemptiveSlowdown), ("delay", r => r.MeanDelay, PreemptiveDelay) })
        {
            var spreads = preemptive.Select(runs => Deviation([.. runs.Select(of)])).ToList();
            var scores = preemptive.Select((runs, i) => (published[i] - runs.Average(of)) / spreads[i]).ToList();
            table.Add([name, .. scores.Select(score => F(score, "+0.0;-0.0;0.0")), F(Math.Sqrt(scores.Average(score => score * score)), "0.0")]);
            table.Add([$"standard deviation of one draw of the {name}, % of the mean", .. preemptive.Select((runs, i) => F(100 * spreads[i] / runs.Average(of), "0.0")), ""]);
        }

        page.Table(table);
    }

    private static double Deviation(double[] values)
    {
        var mean = values.Average();
        return Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Length - 1));
    }

    private static void Add(Table table, string name, List<RunResult> ours, Func<RunResult, double> of, double[] published)
    {
        table.Add([name + " (published)", .. published.Select(value => F(value, "0.00#")), ""]);
        table.Add([name + " (here)", .. ours.Select(run => F(of(run))), Percent(Largest(ours.Select(of), published))]);
    }

    private static void AddSeeds(Table table, string name, List<RunResult[]> ours, Func<RunResult, double> of, double[] published)
    {
        table.Add([name + " (published)", .. published.Select(value => F(value, "0.00#")), ""]);
        table.Add([name + " (here, mean)", .. ours.Select(runs => F(runs.Average(of))), Percent(Largest(ours.Select(runs => runs.Average(of)), published))]);
        table.Add([name + " (here, range)", .. ours.Select(runs => F(runs.Min(of)) + "-" + F(runs.Max(of))), ""]);
    }

    private static double Largest(IEnumerable<double> ours, double[] published) =>
        ours.Zip(published, (mine, theirs) => mine / theirs - 1).MaxBy(Math.Abs);

    private static void Isobar(ExhibitPage page, List<Workload> runs)
    {
        page.Heading("isobar: gossip instead of perfect knowledge");
        page.Text(
            "The profile as shipped, with messages, old news, refused offers and true costs; every figure over all processes of the six runs, mean of three seeds (most moves: the worst). "
            + "To beat: at 1996 costs slowdown below 1.56, delay below 0.19 s and at most 10 moves of any process; at modern costs (0.15 s + 100 MB at 1 GB/s) slowdown below 1.37.");
        var table = new Table("profile, costs", "slowdown", "p95", "p99", "delay s", "moves", "most of one", "remote starts", "refusals", "age s", "acted age s", "bytes/node s");
        var modernPlain = new Profile(ProfileReader.Load("harchol-balter-downey").Settings with
        {
            Rules = [new StageSettings("lifetime").With("residence", 5).With("movesAtOnce", 1000)],
        });
        foreach (var (label, world) in new[] { ("1996", TraceReplay.Scenario1996), ("modern", TraceReplay.ScenarioModern) })
        {
            foreach (var (name, profile) in new[]
            {
                ("isobar", ProfileReader.Load("isobar")),
                ("perfect knowledge", label == "1996" ? ProfileReader.Load("harchol-balter-downey") : modernPlain),
                ("none", None),
            })
            {
                var results = Map(Enumerable.Range(1, 3).SelectMany(seed => runs.Select(run => (run, seed))), x => Run(x.run, profile, world with { Seed = (ulong)x.seed }));
                table.Add(
                    $"{name}, {label}",
                    F(Mean(results, r => r.MeanSlowdown)),
                    F(results.Average(r => r.P95Slowdown), "0.00"),
                    F(results.Average(r => r.P99Slowdown), "0.00"),
                    F(Mean(results, r => r.MeanDelay)),
                    F(results.Sum(r => r.Moves) / 3.0, "0"),
                    F(results.Max(r => r.MostMoves), "0"),
                    F(results.Sum(r => r.Placements) / 3.0, "0"),
                    F(results.Sum(r => r.Refusals) / 3.0, "0"),
                    F(results.Average(r => r.InformationAge), "0.00"),
                    F(results.Average(r => r.ActedAge), "0.00"),
                    F(results.Average(r => r.LoadBytesPerNodeSecond), "0"));
            }
        }

        page.Table(table);
    }

    private static void Sensitivity(ExhibitPage page, List<Workload> runs)
    {
        page.Heading("Sensitivity: slowdown against the cost of a move");
        double[] costs = [0.1, 0.2, 0.3, 0.5, 1, 2, 3, 5, 8, 12, 18, 25];
        (string Name, Profile Profile, bool Oracle)[] contenders =
        [
            ("none", None, false),
            ("oracle placement", None, true),
            ("preemptive, perfect", ProfileReader.Load("harchol-balter-downey"), false),
            ("isobar, gossip", ProfileReader.Load("isobar"), false),
        ];
        var lines = new List<Series>();
        var table = new Table(["cost s", .. contenders.Select(contender => contender.Name)]);
        foreach (var (name, profile, oracle) in contenders)
        {
            var points = Map(costs, cost =>
            {
                var world = TraceReplay.ScenarioModern with
                {
                    Costs = new MoveCosts { FixedSeconds = cost, PlacementSeconds = cost, BytesPerSecond = 1e18 },
                    KnownDemand = oracle,
                };
                IReadOnlyList<ConsiderationRule> Rules(int node) => [new OracleRule()];
                return (cost, Mean([.. runs.Select(run => Run(run, profile, world, oracle ? Rules : null))], r => r.MeanSlowdown), 0.0);
            });
            lines.Add(new Series(name, points, profile == None && !oracle));
        }

        for (var i = 0; i < costs.Length; i++)
            table.Add([F(costs[i], "0.0"), .. lines.Select(line => F(line.Points[i].Y))]);

        page.Plot("slowdown against cost", new LinePlot("Process trace: slowdown against the cost of a move", "cost of a move or remote start, seconds", "mean slowdown", lines) { LogX = true, FromY = 1 }.ToSvg());
        page.Table(table);
    }
}
