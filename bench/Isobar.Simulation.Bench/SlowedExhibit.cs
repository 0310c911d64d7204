using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;
using Isobar.Simulation.Reports;
using Isobar.Simulation.Statistics;
using Isobar.Simulation.Workloads;
using Isobar.Simulation.World;
using static Isobar.Simulation.Bench.Runs;

namespace Isobar.Simulation.Bench;

/// <summary>Thirty jobs on four unequal machines, one of which slows, as live; with many draws of the lengths, and parameters changed.</summary>
internal static class SlowedExhibit
{
    private const int Draws = 200;
    private const int Jobs = 30;
    private const double Total = 360;
    private const double After = 40;
    private const int Slowed = 1;

    // The hosts of the live experiment in standard cores, their quotas times the speed of a core there.
    private static readonly double[] Speeds = [0.8, 1.2, 0.6, 0.4];

    // What a move takes on hosts so small (docs/results/live-replay.md).
    private static readonly MoveCosts AsLive = MoveCosts.ModernWithCpu with { FixedSeconds = 0.64, CpuSeconds = 0.13, PoliciesCountCpu = true };
    private static readonly MoveCosts Nothing = new() { FixedSeconds = 0.001, PlacementSeconds = 0.001 };

    public static Task MakeAsync(ExhibitPage page)
    {
        page.Text(
            $"{Jobs} jobs of log-normal lengths (sigma 1) are handed in at once on a machine of {F(Speeds[0], "0.0")} standard cores; the others have {F(Speeds[1], "0.0")}, {F(Speeds[2], "0.0")} and {F(Speeds[3], "0.0")}. "
            + $"Together they need {F(Total, "0")} CPU s, or a multiple of that; after a ninth of it the largest machine becomes a quarter of itself, or not. {Draws} draws of the lengths, the same for all. Costs as live: a move holds its job up for 0.64 s and takes 0.13 CPU s at each end. "
            + "Makespan is over the fluid limit, with the half width of its 95 % confidence interval; what is lost is capacity over the work: at the end, with fewer jobs than machines; empty machines beside a crowd; and jobs on slow machines beside free faster ones.");
        page.Heading("Equal shares and turns");
        var table = new Table(["slowed", "lengths", "costs", "profile", "makespan / limit", "mean slowdown", "moves", "lost at the end", "beside a crowd", "on the wrong ones"]);
        foreach (var slowed in (bool[])[true, false])
        {
            foreach (var times in (double[])[1, 2, 4])
            {
                foreach (var (name, costs) in ((string, MoveCosts)[])[("isobar", Nothing), ("isobar", AsLive), ("isobar-batch", Nothing), ("isobar-batch", AsLive)])
                    table.Add(Row(slowed, times, costs, name, ProfileReader.Load(name)));

                table.Add([.. Named(slowed, times, "none"), "one job at a time on each", .. Queued(slowed, times), "", "", "", ""]);
            }
        }

        page.Table(table);
        page.Heading("How long a job is young");
        var sweep = new Table(["slowed", "lengths", "costs", "profile", "makespan / limit", "mean slowdown", "moves", "lost at the end", "beside a crowd", "on the wrong ones"]);
        foreach (var young in (double[])[0, 1, 2, 4, 8, 16, 32])
            sweep.Add(Row(true, 1, AsLive, $"youngSeconds {F(young, "0")}", WithYoung(young)));

        page.Table(sweep);
        page.Text("With 0 nearly all wait for the oldest, with 32 nearly all share: the parameter trades the makespan for the slowdown of short jobs. The shipped 2 was chosen here: with less the makespan is not shorter by more than chance, with more it is longer.");
        return Task.CompletedTask;
    }

    private static string[] Row(bool slowed, double times, MoveCosts costs, string name, Profile profile)
    {
        var change = slowed ? new MachineChange(After * times, Slowed, CoreSet.Uniform(1, (float)(Speeds[Slowed] / 4))) : null;
        var losses = new LossObserver[Draws];
        var runs = Map(Enumerable.Range(0, Draws), draw => new ClusterSimulation(
            Heap(draw, times),
            profile,
            new Scenario
            {
                Machines = [.. Speeds.Select(speed => new MachineKind(CoreSet.Uniform(1, (float)speed), 4e9))],
                Changes = change is null ? [] : [change],
                MovesAtOnce = 2,
                Costs = costs,
                Seed = (ulong)draw + 1,
            },
            losses[draw] = new LossObserver(Speeds, Jobs, change)).Run());
        var makespans = Estimate.Of([.. runs.Select(run => run.Makespan / Limit(slowed, times))]);
        return
        [
            .. Named(slowed, times, costs == Nothing ? "none" : "as live"),
            name,
            $"{F(makespans.Mean)} ±{F(makespans.HalfWidth)}",
            F(runs.Average(run => run.MeanSlowdown), "0.0"),
            F(runs.Average(run => (double)run.Moves), "0.0"),
            .. ((Func<LossObserver, double>[])[one => one.AtTheEnd, one => one.BesideACrowd, one => one.OnTheWrongOnes]).Select(of => Percent(losses.Average(of) / (Total * times)).TrimStart('+')),
        ];
    }

    private static string[] Named(bool slowed, double times, string costs) => [slowed ? "yes" : "no", $"x{F(times, "0")}", costs];

    // What a queue makes of it that gives each machine its next job when it is free, the fastest first, and leaves it there.
    private static string[] Queued(bool slowed, double times)
    {
        var (makespans, slowdowns) = (new List<double>(), new List<double>());
        for (var draw = 0; draw < Draws; draw++)
        {
            var free = new double[Speeds.Length];
            foreach (var job in Heap(draw, times).Items)
            {
                var machine = Enumerable.Range(0, free.Length).MinBy(i => (free[i], -Speeds[i]));
                free[machine] = EndOf(job.Cpu, free[machine], machine, slowed, times);
                slowdowns.Add(free[machine] / job.Cpu);
            }

            makespans.Add(free.Max() / Limit(slowed, times));
        }

        var estimate = Estimate.Of([.. makespans]);
        return [$"{F(estimate.Mean)} ±{F(estimate.HalfWidth)}", F(slowdowns.Average(), "0.0")];
    }

    private static double EndOf(double cpu, double begin, int machine, bool slowed, double times)
    {
        if (!slowed || machine != Slowed)
            return begin + (cpu / Speeds[machine]);
        var full = Math.Max(0, (After * times) - begin) * Speeds[machine];
        return cpu <= full ? begin + (cpu / Speeds[machine]) : Math.Max(begin, After * times) + ((cpu - full) / (Speeds[machine] / 4));
    }

    private static double Limit(bool slowed, double times)
    {
        var all = Speeds.Sum();
        return slowed ? (After * times) + (((Total * times) - (After * times * all)) / (all - (Speeds[Slowed] * 0.75))) : Total * times / all;
    }

    private static Workload Heap(int draw, double times) => Generators.Heap(Jobs, Speeds.Length, Total * times, 1, (ulong)draw + 1);

    private static Profile WithYoung(double seconds)
    {
        var settings = ProfileReader.Load("isobar-batch").Settings;
        return new Profile(settings with { Rules = [.. settings.Rules.Select(rule => rule.Policy == "in-turn" ? rule.With("youngSeconds", seconds) : rule)] });
    }
}
