using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;
using Isobar.Simulation.Metrics;
using Isobar.Simulation.Reports;
using Isobar.Simulation.Workloads;
using Isobar.Simulation.World;
using static Isobar.Simulation.Bench.Runs;

namespace Isobar.Simulation.Bench;

/// <summary>The two open problems that the review names.</summary>
internal static class OpenProblemsExhibit
{
    private const int Seeds = 4;

    public static Task MakeAsync(ExhibitPage page)
    {
        Piggyback(page);
        ManyCores(page);
        return Task.CompletedTask;
    }

    private static void Piggyback(ExhibitPage page)
    {
        page.Heading("Load that rides on other messages, against two random datagrams a second, at equal bytes");
        page.Text(
            "openMosix' decisions on both sides (profiles openmosix and piggyback: they differ in the dissemination alone). 16 machines, half of the work is I/O-bound and asks its home for files when it runs elsewhere: that is the traffic to ride on. "
            + "The period of the two-random protocol is set so that both spend the same bytes on load information; a datagram's 28 bytes of headers count, entries that ride pay for themselves alone.");
        var piggyback = ProfileReader.Load("piggyback");
        var twoRandom = ProfileReader.Load("openmosix").Settings;
        var riding = Measure(piggyback);
        var bytes = riding.Average(run => run.LoadBytesPerNodeSecond);
        var period = 1.0;
        var classic = Measure(new Profile(twoRandom));
        var asPublished = classic;

        // Bytes fall with the period: two or three corrections bring both within a few per cent.
        for (var i = 0; i < 3; i++)
        {
            period *= classic.Average(run => run.LoadBytesPerNodeSecond) / bytes;
            classic = Measure(new Profile(twoRandom with { Dissemination = twoRandom.Dissemination.With("periodSeconds", period) }));
        }

        var table = new Table("dissemination", "bytes/node s", "load datagrams/node s", "entries that rode/node s", "age of entries s", "acted age s", "stale", "wrong", "slowdown", "delay s");
        Add(table, "two random each second (published)", asPublished);
        Add(table, $"two random each {F(period, "0.00")} s (equal bytes)", classic);
        Add(table, "piggyback, datagrams in silence", riding);
        Add(table, "piggyback alone (Nomad)", Measure(new Profile(piggyback.Settings with { Dissemination = piggyback.Settings.Dissemination.With("fallbackSeconds", 0) })));
        page.Table(table);
    }

    private static void Add(Table table, string name, RunResult[] runs) => table.Add(
        name,
        F(runs.Average(run => run.LoadBytesPerNodeSecond), "0"),
        F(runs.Average(run => run.MessagesPerNodeSecond), "0.00"),
        F(runs.Average(run => run.AttachedEntries / (16 * run.Makespan)), "0.00"),
        F(runs.Average(run => run.InformationAge), "0.00"),
        F(runs.Average(run => run.ActedAge), "0.00"),
        F(runs.Average(run => run.StaleShare), "0.00"),
        F(runs.Average(run => run.WrongShare), "0.00"),
        F(Mean(runs, run => run.MeanSlowdown), "0.00"),
        F(Mean(runs, run => run.MeanDelay), "0.00"));

    private static RunResult[] Measure(Profile profile) => Map(Enumerable.Range(1, Seeds), seed =>
    {
        var law = new LifetimeLaw(LifetimeShape.Pareto, 6, 1, 1e4);
        var compute = Generators.Poisson(16, 0.35, law, 1800, (ulong)seed, [.. Enumerable.Range(0, 16).Select(i => i < 5 ? 2.4 : 0.36)]).Items;
        var files = Generators.Poisson(16, 0.25, law, 1800, (ulong)seed + 100, [.. Enumerable.Range(0, 16).Select(i => i < 5 ? 2.4 : 0.36)]).Items
            .Select(item => item with { IoBurst = 0.1, IoWait = 0.02, IoBytes = 64e3, Name = "files" });
        var workload = new Workload("files", 16, [.. compute.Concat(files).OrderBy(item => item.Arrival)]);
        return Run(workload, profile, new Scenario { Machines = [new MachineKind(CoreSet.Uniform(1), 8e9)], Costs = MoveCosts.ModernWithCpu, MeanMemory = 50e6, Seed = (ulong)seed });
    });

    private static void ManyCores(ExhibitPage page)
    {
        page.Heading("One number for many cores");
        page.Text(
            "20 machines of 1, 2, 4, 8 and 16 cores, speeds 0.7 to 1.5, whose homes get the same work each. New processes start on the least loaded node by the number that each load calculator tells; gossip; then the same with MOSIX' threshold rule that moves running processes. "
            + "Load per core calls 4 of 4 cores and 1 of 1 the same; the representative says what one more process would get.");
        (string Name, StageSettings Load)[] loads =
        [
            ("ready processes (the review's L)", new StageSettings("mean").With("perCapacity", 0)),
            ("load per core (infod, Kerrighed)", new StageSettings("mean")),
            ("representative (ours)", new StageSettings("representative")),
        ];
        var table = new Table("told load", "offered load", "slowdown, placement", "p99", "delay s", "slowdown, moves", "p99 ", "delay s ", "moves");
        var lines = new List<Series>();
        foreach (var (name, load) in loads)
        {
            var points = new List<(double, double, double)>();
            foreach (var offered in (double[])[0.5, 0.7, 0.85])
            {
                var placed = Cores(new ProfileSettings { Name = "placing", Load = load, Dissemination = Gossip, Rules = [new StageSettings("least-loaded").With("within", 0)], PeriodSeconds = 3600 }, offered);
                var moved = Cores(new ProfileSettings { Name = "moving", Load = load, Dissemination = Gossip, Rules = [new StageSettings("threshold").With("stability", 0.3)] }, offered);
                table.Add(
                    name,
                    F(offered, "0.00"),
                    F(Mean(placed, run => run.MeanSlowdown), "0.00"),
                    F(placed.Average(run => run.P99Slowdown), "0.0"),
                    F(Mean(placed, run => run.MeanDelay), "0.00"),
                    F(Mean(moved, run => run.MeanSlowdown), "0.00"),
                    F(moved.Average(run => run.P99Slowdown), "0.0"),
                    F(Mean(moved, run => run.MeanDelay), "0.00"),
                    F(moved.Average(run => run.Moves), "0"));
                points.Add((offered, Mean(placed, run => run.MeanSlowdown), 0));
            }

            lines.Add(new Series(name.Split(" (")[0], points));
        }

        page.Plot("slowdown by told load", new LinePlot("Machines of 1 to 16 cores: slowdown by the number that nodes tell", "offered load", "mean slowdown, placement", lines).ToSvg());
        page.Table(table);
    }

    private static StageSettings Gossip => new StageSettings("gossip").With("window", 16).With("periodSeconds", 0.5);

    private static RunResult[] Cores(ProfileSettings settings, double offered)
    {
        (int Cores, float Speed)[] kinds = [(1, 1.5f), (2, 1f), (4, 1.2f), (8, 0.7f), (16, 1f)];
        var machines = Enumerable.Range(0, 20).Select(i => new MachineKind(CoreSet.Uniform(kinds[i % 5].Cores, kinds[i % 5].Speed), 64e9)).ToList();
        var capacity = machines.Sum(machine => machine.Cores.Capacity);
        var law = new LifetimeLaw(LifetimeShape.Pareto, 5, 1, 1e4);
        return Map(Enumerable.Range(1, Seeds), seed => Run(
            Generators.Poisson(20, offered * capacity / 20, law, 900, (ulong)seed),
            new Profile(settings),
            new Scenario { Machines = machines, Costs = MoveCosts.ModernWithCpu, MeanMemory = 50e6, Seed = (ulong)seed, WarmUp = 60 }));
    }
}
