using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;
using Isobar.Simulation.Metrics;
using Isobar.Simulation.Reports;
using Isobar.Simulation.Statistics;
using Isobar.Simulation.Workloads;
using Isobar.Simulation.World;
using static Isobar.Simulation.Bench.Runs;

namespace Isobar.Simulation.Bench;

/// <summary>Scoreboard 2: the scenarios of Amir, Awerbuch, Barak, Borgstrom and Keren.</summary>
internal static class OpportunityExhibit
{
    private const int Scenarios = 120;
    private const int FewScenarios = 40;
    private const double Seconds = 10_000;
    private const double Memory = 64e6;
    private const double PublishedMosix = 8.557;

    private static readonly double[] Alike = [1, 1, 1, 1, 1, 1];

    // 200, 133 and 90 MHz; 64, 32 and 24 MB.
    private static readonly float[] UnequalSpeeds = [1, 1, 1, 0.665f, 0.665f, 0.45f];
    private static readonly double[] UnequalMemories = [1, 1, 1, 0.5, 0.5, 0.375];

    private static readonly Model Fitted = new("equal machines, demand 12/U s, memory 0.3/U %") { Speeds = [1, 1, 1, 1, 1, 1], Memories = Alike, Demand = 12, MemoryPercent = 0.3, EndAt = Seconds };

    private static readonly Model Remembered = new("unequal machines, demand 2/U s, memory 1/U % (all as remembered)") { Speeds = UnequalSpeeds, Memories = UnequalMemories, Demand = 2, MemoryPercent = 1, EndAt = Seconds };

    private static readonly Model Full = Remembered with { Name = "unequal machines, demand 10/U s, memory 0.1/U %", Demand = 10, MemoryPercent = 0.1 };

    private static readonly Model[] Changed =
    [
        Fitted with { Name = "equal machines, jobs left at 10,000 s run to their end and count", EndAt = 6 * Seconds },
        Fitted with { Name = "equal machines, memory 1/U %", MemoryPercent = 1 },
        Fitted with { Name = "equal machines, overcommitted memory costs nothing", Thrashing = 1 },
        Fitted with { Name = "equal machines, demand 8/U s", Demand = 8 },
        Fitted with { Name = "equal machines, demand 2/U s, memory 1/U %", Demand = 2, MemoryPercent = 1 },
        Remembered with { Name = "unequal machines as remembered, all jobs count", EndAt = 6 * Seconds },
        Remembered with { Name = "unequal machines, demand 4/U s", Demand = 4 },
        Remembered with { Name = "unequal machines, demand 6/U s", Demand = 6 },
    ];

    private static readonly (string Name, Profile Profile, double Published)[] Contenders =
    [
        ("PVM: round robin", ProfileReader.Load("round-robin"), 14.4),
        ("E-PVM: opportunity cost, never moved", ProfileReader.Load("e-pvm"), 9.795),
        ("MOSIX: threshold and ushering", Mosix(), PublishedMosix),
        ("E-MOSIX: opportunity cost, moved", ProfileReader.Load("mosix-oppcost"), 7.479),
        ("E-MOSIX with L = 1: the same, but the load that counts as full is 1", WithMaximumLoad(1), double.NaN),
        ("isobar", ProfileReader.Load("isobar"), double.NaN),
    ];

    public static Task MakeAsync(ExhibitPage page)
    {
        page.Heading("What is known of the published simulation");
        page.Text(
            "From Borgstrom's slides on it: all jobs of a machine have equal shares of its CPU, and a tenth of them while its memory is overcommitted; the slowdown of a job is its time in the system over the time alone on the best machine; a scenario gives the mean over its jobs, and 3000 scenarios were averaged; "
            + "PVM assigns round robin, E-PVM knows each job's demands; MOSIX 8.557, E-PVM 9.795 (+14 %), PVM +68 %. From Amir, Awerbuch, Borgstrom, A cost-benefit framework (Decision Support Systems, 2000): a machine's cost is n^(usage / maximum usage) summed over resources, and reassigning by it improved over MOSIX by about 13 %. "
            + "Remembered, not read: Poisson arrivals one per 10 s, demand 2/U s, memory 1/U %, U uniform, runs of 10,000 s; E-MOSIX 7.479 (which is those 13 %); six machines, three of 200 MHz and 64 MB, two of 133 MHz and 32 MB, one of 90 MHz and 24 MB. Not known: what becomes of jobs that are left when a run ends, and how MOSIX was modelled.");
        page.Text(
            "Everywhere here: information is gossiped (two messages a second per node), moves cost 0.15 s, 1 GB/s and CPU at both ends, all jobs of a machine run at a tenth of the speed while its memory is overcommitted, demand and memory are those of the fastest and largest machine, and at 10,000 s the run is over: what has not ended then is not counted, unless it is said otherwise. "
            + "Every policy has the same scenarios, so what counts is the difference to MOSIX scenario by scenario: its 95 % interval is far narrower than that of either mean.");
        Ratios(
            page,
            Full,
            "The machines as remembered: the levels of PVM, E-PVM and MOSIX",
            "The six machines as remembered; demand 10/U s and memory 0.1/U %, chosen for the levels of PVM and MOSIX: in 10,000 s more work comes than the machines can do. Nothing else is fitted.");
        Ratios(
            page,
            Remembered,
            "Demand and memory as remembered too: the gain of E-MOSIX",
            "The same machines, demand 2/U s and memory 1/U %. The cluster is two fifths loaded, so that the levels are far below the published ones, and a round robin that knows nothing of memory overcommits a small machine soon.");
        Ratios(
            page,
            Fitted,
            "Equal machines",
            "Six equal machines, demand 12/U s (2/U s of machines six times as fast), memory 0.3/U %: again more work than they can do.");
        OneAtATime(page);
        return Task.CompletedTask;
    }

    private static void Ratios(ExhibitPage page, Model model, string heading, string text)
    {
        page.Heading(heading);
        page.Text($"{text} {Scenarios} scenarios.");
        var runs = Contenders.Select(one => Map(Enumerable.Range(1, Scenarios), seed => model.Run(one.Profile, (ulong)seed))).ToList();
        var slowdowns = runs.Select(of => Estimate.Of([.. of.Select(run => run.MeanSlowdown)])).ToList();
        var mosix = slowdowns[MosixIndex].Mean;
        var table = new Table("policy", "slowdown here", "of MOSIX", "difference to MOSIX", "better than MOSIX in", "published", "of MOSIX ", "median", "p95", "moves per job", "thrashings per run", "left at the end");
        for (var i = 0; i < Contenders.Length; i++)
        {
            var (name, _, published) = Contenders[i];
            table.Add(
                name,
                $"{F(slowdowns[i].Mean, "0.00")} ±{F(slowdowns[i].HalfWidth, "0.00")}",
                F(slowdowns[i].Mean / mosix, "0.00"),
                i == MosixIndex ? "" : Relative(Difference(runs[i], runs[MosixIndex]), mosix),
                i == MosixIndex ? "" : Percent(runs[i].Zip(runs[MosixIndex]).Count(pair => pair.First.MeanSlowdown < pair.Second.MeanSlowdown) / (double)Scenarios).TrimStart('+'),
                double.IsNaN(published) ? "" : F(published, "0.00"),
                double.IsNaN(published) ? "" : F(published / PublishedMosix, "0.00"),
                F(runs[i].Average(run => run.MedianSlowdown), "0.00"),
                F(runs[i].Average(run => run.P95Slowdown), "0.0"),
                F(runs[i].Sum(run => run.Moves) / (double)runs[i].Sum(run => run.Processes), "0.00"),
                F(runs[i].Average(run => run.Thrashings), "0.0"),
                F(runs[i].Average(run => run.Unfinished), "0"));
        }

        string[] names = [.. Contenders.Select(one => one.Name.Split(':')[0])];
        page.Plot($"mean slowdown by policy, {model.Name}", new BarPlot(
            $"Mean slowdown: {model.Name}",
            "mean slowdown",
            names,
            [("here", [.. slowdowns.Select(one => (one.Mean, one.HalfWidth))]), ("published", [.. Contenders.Select(one => (one.Published, 0.0))])]).ToSvg());
        page.Table(table);
        page.Text($"In short, against MOSIX: {string.Join("; ", Contenders.Select((one, i) => (one.Name, Runs: runs[i], Index: i)).Where(one => one.Index != MosixIndex).Select(one => $"{one.Name.Split(':')[0]} {Verdict(Difference(one.Runs, runs[MosixIndex]), mosix)}"))}.");
    }

    /// <summary>Which of the model's parts the ratios hang on.</summary>
    private static void OneAtATime(ExhibitPage page)
    {
        page.Heading("What the ratios hang on");
        page.Text(
            $"Slowdown relative to MOSIX (in brackets MOSIX' own), with the 95 % interval of the difference, {FewScenarios} scenarios each. A round robin that knows nothing of memory overcommits some machine sooner or later, and then it is caught: that machine serves a tenth of its work while a sixth of the arrivals goes on coming, and it hardly gets out. "
            + "When the run is over at 10,000 s the jobs that hang there drop out of the mean, which helps it most where it is worst.");
        page.Text(
            "What E-MOSIX gains or loses hangs on L, the load that counts as full. It is found by doubling from the largest load seen, so that one crowd makes it large for good, and with a large L the cost is nearly a straight line: at L = 32 and n = 6 a machine of speed 1 gets 15 jobs before an idle one of speed 0.45 gets its first, since a job adds the more to a machine's cost the slower that is. "
            + "With little work L stays small; with much work the slow machines stand idle; equal machines do not care. With L = 1 a crowd costs what it costs in delay, whatever was seen before. "
            + "Where more work comes than the machines can do, nothing here is more than 2 % better than MOSIX, isobar included. So with the published levels the published gain is not to be had from this MOSIX; whether the one that was simulated there lost somewhere, or the levels came about in another way, cannot be told from what is known.");
        var table = new Table(["model", .. Contenders.Select(one => one.Name.Split(':')[0])]);
        table.Add(["published", .. Contenders.Select(one => double.IsNaN(one.Published) ? "" : F(one.Published / PublishedMosix, "0.00") + (one.Published == PublishedMosix ? $" ({F(PublishedMosix, "0.00")})" : ""))]);
        foreach (var model in Changed)
        {
            var runs = Contenders.Select(one => Map(Enumerable.Range(1, FewScenarios), seed => model.Run(one.Profile, (ulong)seed))).ToList();
            var mosix = runs[MosixIndex].Average(run => run.MeanSlowdown);
            table.Add([model.Name, .. runs.Select((of, i) => i == MosixIndex ? $"1.00 ({F(mosix, "0.00")})" : $"{F(of.Average(run => run.MeanSlowdown) / mosix, "0.00")} ±{F(Difference(of, runs[MosixIndex]).HalfWidth / mosix, "0.00")}")]);
        }

        page.Table(table);
    }

    private static Estimate Difference(RunResult[] runs, RunResult[] reference) => Estimate.Of([.. runs.Zip(reference, (one, other) => one.MeanSlowdown - other.MeanSlowdown)]);

    private static string Relative(Estimate difference, double reference) => $"{Percent(difference.Mean / reference)} ±{Percent(difference.HalfWidth / reference).TrimStart('+')}";

    private static string Verdict(Estimate difference, double reference) => Math.Abs(difference.Mean) <= difference.HalfWidth
        ? $"cannot be told from it ({Relative(difference, reference)})"
        : $"is {(difference.Mean < 0 ? "better" : "worse")} ({Relative(difference, reference)})";

    private static int MosixIndex => Array.FindIndex(Contenders, one => one.Published == PublishedMosix);

    private static Profile Mosix() => new(ProfileReader.Load("mosix-oppcost").Settings with
    {
        Name = "mosix",
        Rules = [new StageSettings("memory-ushering"), new StageSettings("threshold").With("stability", 0.3)],
    });

    private static Profile WithMaximumLoad(double load)
    {
        var settings = ProfileReader.Load("mosix-oppcost").Settings;
        return new(settings with { Name = "mosix-oppcost-fixed", Rules = [.. settings.Rules.Select(rule => rule.Policy == "opportunity-cost" ? rule.With("maximumLoad", load) : rule)] });
    }

    private sealed record Model(string Name)
    {
        public required float[] Speeds { get; init; }

        /// <summary>Memory of each machine, as a share of that of the largest.</summary>
        public required double[] Memories { get; init; }

        public required double Demand { get; init; }

        public required double MemoryPercent { get; init; }

        public required double EndAt { get; init; }

        public double Thrashing { get; init; } = 10;

        public RunResult Run(Profile profile, ulong seed) => Runs.Run(
            Generators.Amir(Speeds.Length, Seconds, seed, 10, Memory, Demand, MemoryPercent),
            profile,
            new Scenario
            {
                Machines = [.. Speeds.Zip(Memories, (speed, share) => new MachineKind(CoreSet.Uniform(1, speed), share * Memory))],
                Costs = MoveCosts.ModernWithCpu,
                Thrashing = Thrashing,
                EndAt = EndAt,
                Seed = seed,
            });
    }
}
