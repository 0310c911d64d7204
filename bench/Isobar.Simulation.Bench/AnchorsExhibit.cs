using System.Globalization;
using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;
using Isobar.Simulation.Engine;
using Isobar.Simulation.Experiments;
using Isobar.Simulation.Metrics;
using Isobar.Simulation.Networks;
using Isobar.Simulation.Reports;
using Isobar.Simulation.Statistics;
using Isobar.Simulation.Workloads;
using Isobar.Simulation.World;
using static Isobar.Simulation.Bench.Runs;

namespace Isobar.Simulation.Bench;

/// <summary>Scoreboard 4: analytic anchors, the herd effect of Mitzenmacher (2000), the levelling-off of Zhou (1988).</summary>
internal static class AnchorsExhibit
{
    private const int Nodes = 400;
    private const int Seeds = 4;
    private const int ManySeeds = 8;
    private const double NearSaturation = 0.99;
    private static readonly int[] Many = [1000, 4000];

    private static readonly LifetimeLaw Law = new(LifetimeShape.Exponential, 1);

    private static readonly Topology Near = new() { Latency = 0 };

    private static readonly Profile Unknowing = new(new ProfileSettings { Name = "fresh-choices", Load = new StageSettings("mean").With("periodSeconds", 3600), PeriodSeconds = 3600 });

    private static readonly Dictionary<(int Nodes, int Choices, double Load), (Estimate Plain, Estimate Controlled)> Remembered = [];

    public static Task MakeAsync(ExhibitPage page)
    {
        Anchors(page);
        Herd(page);
        Zhou(page);
        return Task.CompletedTask;
    }

    private static void Anchors(ExhibitPage page)
    {
        page.Heading("Analytic anchors");
        page.Text(
            $"Mean response, exponential service of mean 1, processor sharing; two and three choices with fresh knowledge on {Nodes} nodes (the shipped rule best-of, the truth in every node's view), at load 0.99 on {Many[^1]:N0} (the same policy as a rule of the simulator that counts for all nodes); the formula is for infinitely many. ± is the 95 % interval over {Seeds} seeds, for choices at load 0.99 over {ManySeeds}.");
        page.Text(
            "A mean over a run hangs on how much work happened to arrive, near saturation on a few long excursions of the backlog. Control variates take that out. For the M/M queues: the same jobs in a first come first served queue, by a recursion of four lines that shares no code with the simulator; its exact mean is known, and what is shown is that mean plus the difference of the two over the run. "
            + "For choices: the chance excess of the work that arrived, weighted by how long the cluster takes to work it off (its relaxation time is the derivative of the formula with respect to the load); the mean of that excess is zero by construction. "
            + "They start in the stationary state of the formula, n(k) nodes with k jobs each, and run for ten relaxation times, at load 0.99 for two, before anything is counted.");
        (string Name, int Cores, int Choices, double[] Exact)[] rows =
        [
            ("M/M/1", 1, 0, [2.00, 5.00, 10.0, 100]),
            ("M/M/6", 6, 0, [1.033, 1.432, 2.234, 17.2]),
            ("M/M/20", 20, 0, [1.0004, 1.064, 1.275, 5.74]),
            ("two choices", 1, 2, [1.266, 1.947, 2.614, 5.432]),
            ("three choices", 1, 3, [1.125, 1.581, 2.028, 3.858]),
        ];
        double[] loads = [0.5, 0.8, 0.9, NearSaturation];
        var table = new Table(["system", .. loads.SelectMany(load => new[] { $"{F(load, "0.0#")} exact", "here", "deviation" }).Select((heading, i) => heading + new string(' ', i / 3))]);
        var (largest, bound) = (0.0, 0.0);
        foreach (var (name, cores, choices, exact) in rows)
        {
            var cells = new List<string> { name };
            for (var l = 0; l < loads.Length; l++)
            {
                var estimate = choices == 0 ? RespondControlled(cores, loads[l]) : RespondOfChoices(loads[l] < NearSaturation ? Nodes : Many[^1], choices, loads[l]).Controlled;
                var deviation = estimate.Mean / exact[l] - 1;
                cells.AddRange([F(exact[l], "0.###"), $"{F(estimate.Mean)} ±{F(estimate.HalfWidth)}", Percent(deviation)]);
                largest = Math.Max(largest, Math.Abs(deviation));
                bound = Math.Max(bound, Math.Abs(deviation) + estimate.HalfWidth / exact[l]);
            }

            table.Add(cells);
        }

        page.Table(table);
        page.Text($"The largest deviation is {F(100 * largest, "0.0")} %; with its interval none is larger than {F(100 * bound, "0.0")} %.");
        Saturation(page);
    }

    private static void Saturation(ExhibitPage page)
    {
        page.Heading("How many nodes infinitely many are");
        page.Text(
            "Two and three choices at load 0.99. With n nodes the backlog fluctuates, and an excess of it is worked off more slowly than a lack is made up (fewer nodes are idle then); so the mean lies above that of the formula, by a part that falls as 1/n. With and without the control variate; at the same number of jobs its interval is several times narrower.");
        var table = new Table("choices", "nodes", "formula", "without control", "deviation", "with control", "deviation ");
        foreach (var choices in (int[])[2, 3])
        {
            var exact = FreshChoices.MeanJobs(choices, NearSaturation) / NearSaturation;
            foreach (var nodes in Many)
            {
                var (plain, controlled) = RespondOfChoices(nodes, choices, NearSaturation);
                table.Add(
                    $"{choices}",
                    nodes.ToString("N0", CultureInfo.InvariantCulture),
                    F(exact),
                    $"{F(plain.Mean)} ±{F(plain.HalfWidth)}",
                    Percent(plain.Mean / exact - 1),
                    $"{F(controlled.Mean)} ±{F(controlled.HalfWidth)}",
                    Percent(controlled.Mean / exact - 1));
            }
        }

        page.Table(table);
    }

    private static Estimate RespondControlled(int cores, double load)
    {
        const int Jobs = 600_000;
        var world = World(0) with { Machines = [new MachineKind(CoreSet.Uniform(cores), double.PositiveInfinity)], WarmUp = Jobs / 10.0 / cores };
        return Estimate.Of(Map(Enumerable.Range(1, Seeds), seed =>
        {
            var workload = Generators.Poisson(1, load * cores, Law, Jobs / (load * cores), (ulong)seed);
            var here = Run(workload, None, world with { Seed = (ulong)seed }).MeanResponse;
            return FirstComeQueue.Exact(cores, load) + here - FirstComeQueue.MeanResponse(workload, cores, world.WarmUp);
        }));
    }

    private static (Estimate Plain, Estimate Controlled) RespondOfChoices(int nodes, int choices, double load) =>
        Remembered.TryGetValue((nodes, choices, load), out var known) ? known : Remembered[(nodes, choices, load)] = MeasureChoices(nodes, choices, load);

    private static (Estimate Plain, Estimate Controlled) MeasureChoices(int nodes, int choices, double load)
    {
        const double Step = 1e-6;
        var relaxation = (FreshChoices.MeanJobs(choices, load + Step) - FreshChoices.MeanJobs(choices, load - Step)) / (2 * Step);
        var isNear = load >= NearSaturation;
        var warmUp = isNear ? 2 * relaxation : 10 * relaxation;
        var end = warmUp + Math.Max(10 * relaxation, (isNear ? 4_000_000 : 250_000) / (load * nodes));
        var runs = Map(Enumerable.Range(1, isNear ? ManySeeds : Seeds), seed =>
        {
            var there = Stationary(nodes, choices, load, (ulong)seed);
            var later = Generators.Poisson(nodes, load, Law, end, (ulong)seed);
            var workload = new Workload("stationary", nodes, [.. there, .. later.Items]);
            var world = World(0) with { WarmUp = warmUp, Seed = (ulong)seed };
            var response = (isNear ? Fresh(workload, there, choices, world) : Run(workload, Placing(new StageSettings("best-of").With("choices", choices)), world)).MeanResponse;
            return (Plain: response, Controlled: response - BacklogControl.Excess(workload, there.Count, load, warmUp, end, relaxation) / load);
        });
        return (Estimate.Of([.. runs.Select(run => run.Plain)]), Estimate.Of([.. runs.Select(run => run.Controlled)]));
    }

    // Of n nodes the share of the formula has k jobs or more; what is left of an exponential demand is exponential.
    private static List<WorkItem> Stationary(int nodes, int choices, double load, ulong seed)
    {
        var random = new SeededRandom(seed ^ 0x57A7);
        var there = new List<WorkItem>();
        for (var node = 0; node < nodes; node++)
        {
            for (var k = 1; (node + 0.5) / nodes < FreshChoices.ShareWith(choices, load, k); k++)
                there.Add(new WorkItem { Arrival = 0, Home = node, Cpu = random.NextExponential(1), Immobile = true, Name = "job" });
        }

        return there;
    }

    // No views: the rule counts for itself. A period of knowledge keeps deciders from noting what they expect in views that nobody reads.
    private static RunResult Fresh(Workload workload, List<WorkItem> there, int choices, Scenario world)
    {
        var jobs = new int[workload.Nodes];
        foreach (var item in there)
            jobs[item.Home]++;

        var rule = new FreshChoices(jobs, choices);
        return new ClusterSimulation(workload, Unknowing, world with { KnowledgePeriod = 1 }, rule, _ => [rule]).Run();
    }

    private static void Herd(ExhibitPage page)
    {
        page.Heading("Old information: the herd");
        page.Text("Load 0.8. All nodes read one bulletin board that is renewed every 2a seconds, so that news is a seconds old on average (Mitzenmacher's model, 2000); service takes 1 s. Mean response.");
        double[] ages = [0, 1, 5, 10];
        (string Name, Profile Profile)[] policies =
        [
            ("random", Placing(new StageSettings("best-of").With("choices", 1))),
            ("best of two", Placing(new StageSettings("best-of").With("choices", 2))),
            ("best of three", Placing(new StageSettings("best-of").With("choices", 3))),
            ("least loaded", Placing(new StageSettings("least-loaded").With("within", 0))),
        ];
        var table = new Table(["nodes, policy", .. ages.Select(age => $"age {age} s")]);
        var lines = new List<Series>();
        foreach (var nodes in (int[])[16, 64, 256, 1024])
        {
            foreach (var (name, profile) in policies)
            {
                var points = Map(ages, age => (age, Run(Generators.Poisson(nodes, 0.8, Law, Math.Max(250, 80_000 / (0.8 * nodes)), 1), profile, World(age) with { WarmUp = 50 }).MeanResponse, 0.0));
                table.Add([$"{nodes}, {name}", .. points.Select(point => F(point.MeanResponse, "0.00"))]);
                if (nodes == 64)
                    lines.Add(new Series(name, points));
            }
        }

        page.Plot("response against age", new LinePlot("64 nodes at load 0.8: response against the age of news", "mean age of information, seconds", "mean response, seconds", lines) { LogY = true, FromY = 1 }.ToSvg());
        page.Table(table);
    }

    private static void Zhou(ExhibitPage page)
    {
        page.Heading("How many hosts: the benefit levels off");
        page.Text("Least loaded with fresh knowledge at load 0.8 against the number of hosts that share their load (Zhou 1988: no more to gain beyond about 30).");
        int[] counts = [1, 2, 4, 8, 16, 28, 32, 64, 128];
        var least = Placing(new StageSettings("least-loaded").With("within", 0));
        var two = Placing(new StageSettings("best-of").With("choices", 2));
        var table = new Table(["policy", .. counts.Select(count => $"{count}")]);
        var lines = new List<Series>();
        foreach (var (name, profile) in new[] { ("least loaded", least), ("best of two", two) })
        {
            var points = Map(counts, count => ((double)count, Run(Generators.Poisson(count, 0.8, Law, 100_000 / (0.8 * count), 2), profile, World(0) with { WarmUp = 50 }).MeanResponse, 0.0));
            table.Add([name, .. points.Select(point => F(point.MeanResponse, "0.00"))]);
            lines.Add(new Series(name, points));
        }

        page.Plot("response against hosts", new LinePlot("Load 0.8: response against the number of hosts", "hosts", "mean response, seconds", lines) { LogX = true, FromY = 1 }.ToSvg());
        page.Table(table);
    }

    private static Profile Placing(StageSettings rule) => new(new ProfileSettings { Name = rule.Policy, Dissemination = new("oracle"), Rules = [rule], PeriodSeconds = 3600 });

    private static Scenario World(double age) => new()
    {
        Machines = [new MachineKind(CoreSet.Uniform(1), double.PositiveInfinity)],
        Topology = Near,
        Costs = new MoveCosts { PlacementSeconds = 0 },
        KnowledgePeriod = 2 * age,
    };
}
