using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;
using Isobar.Simulation.Engine;
using Isobar.Simulation.Experiments;
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
    private const int Choices = 100;
    private const int ManyChoices = 1000;
    private const int Seeds = 4;
    private const double StationarySeconds = 450;

    private static readonly LifetimeLaw Law = new(LifetimeShape.Exponential, 1);

    private static readonly Topology Near = new() { Latency = 0 };

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
            $"Mean response, exponential service of mean 1, processor sharing; two and three choices with fresh knowledge on {Choices} nodes, at load 0.99 on {ManyChoices} (the formula is for infinitely many, and near saturation it takes that many). ± is the 95 % interval over 4 seeds. "
            + "At load 0.99 a mean over a run hangs on a few long excursions of the backlog. For the M/M queues a control variate takes them out: the same jobs in a first come first served queue, by a recursion of four lines that shares no code with the simulator; its exact mean is known, and what is shown is that mean plus the difference of the two over the run. "
            + "Two and three choices start in the stationary state of the formula, n(k) nodes with k jobs each.");
        (string Name, int Nodes, int Cores, int Choices, double[] Exact)[] rows =
        [
            ("M/M/1", 1, 1, 0, [2.00, 5.00, 10.0, 100]),
            ("M/M/6", 1, 6, 0, [1.033, 1.432, 2.234, 17.2]),
            ("M/M/20", 1, 20, 0, [1.0004, 1.064, 1.275, 5.74]),
            ("two choices", Choices, 1, 2, [1.266, 1.947, 2.614, 5.432]),
            ("three choices", Choices, 1, 3, [1.125, 1.581, 2.028, 3.858]),
        ];
        double[] loads = [0.5, 0.8, 0.9, 0.99];
        var table = new Table(["system", .. loads.SelectMany(load => new[] { $"{F(load, "0.0#")} exact", "here", "deviation" }).Select((heading, i) => heading + new string(' ', i / 3))]);
        foreach (var (name, nodes, cores, choices, exact) in rows)
        {
            var cells = new List<string> { name };
            for (var l = 0; l < loads.Length; l++)
            {
                var estimate = loads[l] < 0.95 ? Respond(nodes, cores, choices, loads[l]) : choices == 0 ? RespondControlled(cores, loads[l]) : RespondFromStationary(choices, loads[l]);
                cells.AddRange([F(exact[l], "0.###"), $"{F(estimate.Mean)} ±{F(estimate.HalfWidth)}", Percent(estimate.Mean / exact[l] - 1)]);
            }

            table.Add(cells);
        }

        page.Table(table);
    }

    private static Estimate Respond(int nodes, int cores, int choices, double load)
    {
        const int Jobs = 300_000;
        var profile = choices == 0 ? None : Placing(new StageSettings("best-of").With("choices", choices));
        var gap = 1 / (load * nodes * cores);
        var world = World(0) with { Machines = [new MachineKind(CoreSet.Uniform(cores), double.PositiveInfinity)], WarmUp = Jobs * gap / 10 };
        return Estimate.Of(Map(Enumerable.Range(1, Seeds), seed =>
            Run(Generators.Poisson(nodes, load * cores, Law, Jobs * gap, (ulong)seed), profile, world with { Seed = (ulong)seed }).MeanResponse));
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

    // Of n nodes the share r^((d^k - 1)/(d - 1)) has k jobs or more (Mitzenmacher 1996, Vvedenskaya et al. 1996); what is left of an exponential demand is exponential.
    private static Estimate RespondFromStationary(int choices, double load)
    {
        const double WarmUp = 50;
        var profile = Placing(new StageSettings("best-of").With("choices", choices));
        return Estimate.Of(Map(Enumerable.Range(1, Seeds), seed =>
        {
            var random = new SeededRandom((ulong)seed ^ 0x57A7);
            var there = new List<WorkItem>();
            for (var node = 0; node < ManyChoices; node++)
            {
                for (var k = 1; (node + 0.5) / ManyChoices < Math.Pow(load, (Math.Pow(choices, k) - 1) / (choices - 1)); k++)
                    there.Add(new WorkItem { Arrival = 0, Home = node, Cpu = random.NextExponential(1), Immobile = true, Name = "job" });
            }

            var later = Generators.Poisson(ManyChoices, load, Law, WarmUp + StationarySeconds, (ulong)seed);
            return Run(new Workload("stationary", ManyChoices, [.. there, .. later.Items]), profile, World(0) with { WarmUp = WarmUp, Seed = (ulong)seed }).MeanResponse;
        }));
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
