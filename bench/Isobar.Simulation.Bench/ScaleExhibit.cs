using System.Diagnostics;
using System.Globalization;
using System.Text;
using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;
using Isobar.Simulation.Metrics;
using Isobar.Simulation.Networks;
using Isobar.Simulation.Reports;
using Isobar.Simulation.Workloads;
using Isobar.Simulation.World;
using static Isobar.Simulation.Bench.Runs;

namespace Isobar.Simulation.Bench;

/// <summary>How far the simulator goes, and how it compares with SimGrid on the same replay.</summary>
internal static class ScaleExhibit
{
    private const int Vector = 16;
    private const int Repeats = 3;

    public static Task MakeAsync(ExhibitPage page)
    {
        Nodes(page);
        SimGrid(page);
        return Task.CompletedTask;
    }

    private static void Nodes(ExhibitPage page)
    {
        page.Heading("Gossip and balancing of up to a million nodes");
        page.Text(
            $"Profile isobar with a load vector of {Vector} (a fixed vector is what keeps the cost of a node flat), load 0.5 in processes of 5 s mean with the measured tail, all messages simulated; two gossip messages, one load sample and one consideration per node and second, on one core. "
            + $"CPU time, not wall time, and the least of {Repeats} runs, since the machine is shared; collections of garbage are in it, the start is not, nor are the first second and a run before the first that is for the compiler.");
        var settings = ProfileReader.Load("isobar").Settings;
        var profile = new Profile(settings with { Dissemination = settings.Dissemination.With("vector", Vector).With("window", 8) });
        Measure(profile, 1000, 60);
        var table = new Table("nodes", "virtual s", "events", "events/s", "CPU s per simulated minute", "µs per node second", "against 10,000", "bytes per node", "bytes sent/node s", "age s", "jobs ended");
        var rows = ((int Nodes, double Seconds)[])[(1000, 240), (10_000, 60), (100_000, 15), (1_000_000, 6)];
        var measured = rows.Select(row => Enumerable.Range(0, Repeats).Select(_ => Measure(profile, row.Nodes, row.Seconds)).MinBy(run => run.CpuSeconds)!).ToList();
        var reference = measured[1].PerNodeSecond;
        foreach (var run in measured)
        {
            table.Add(
                run.Nodes.ToString("N0", CultureInfo.InvariantCulture),
                F(run.Seconds, "0"),
                run.Events.ToString("N0", CultureInfo.InvariantCulture),
                (run.Events / run.CpuSeconds).ToString("N0", CultureInfo.InvariantCulture),
                F(run.CpuSeconds * 60 / (run.Seconds - 1), "0.0"),
                F(run.PerNodeSecond, "0.00"),
                Percent(run.PerNodeSecond / reference - 1),
                run.BytesPerNode.ToString("N0", CultureInfo.InvariantCulture),
                F(run.Result.LoadBytesPerNodeSecond, "0"),
                F(run.MeanAge, "0.00"),
                run.Result.Processes.ToString("N0", CultureInfo.InvariantCulture));
        }

        page.Table(table);
    }

    private static NodeRun Measure(Profile profile, int nodes, double seconds)
    {
        var law = new LifetimeLaw(LifetimeShape.Pareto, 5, 1, 1e4);
        var workload = Generators.Poisson(nodes, 0.5, law, seconds, 1);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var world = new Scenario { Machines = [new MachineKind(CoreSet.Uniform(1), 4e9)], Topology = new Topology { Latency = 200e-6 }, EndAt = seconds };
        var simulation = new ClusterSimulation(workload, profile, world);

        // The first second fills vectors; it is not counted.
        simulation.RunUntil(1);
        var (events, cpu) = (simulation.Events, Process.GetCurrentProcess().TotalProcessorTime);
        simulation.RunUntil(seconds);
        events = simulation.Events - events;
        var took = (Process.GetCurrentProcess().TotalProcessorTime - cpu).TotalSeconds;
        var bytes = (GC.GetTotalMemory(forceFullCollection: true) - before) / (double)nodes;
        var run = new NodeRun(nodes, seconds, events, took, bytes, simulation.ViewAges().Mean, simulation.Result());
        GC.KeepAlive(workload);
        return run;
    }

    private static void SimGrid(ExhibitPage page)
    {
        page.Heading("Against SimGrid");
        var program = Path.Combine(Path.GetTempPath(), "isobar-simgrid-replay");
        var source = Path.Combine(AppContext.BaseDirectory, "simgrid", "replay.cpp");
        if (Shell("g++", $"-O2 -o {program} {source} -lsimgrid", "", out var complaint) != 0)
            throw new SimulationException($"SimGrid is not to be had here ({complaint.Trim()}); install g++ and libsimgrid-dev.");

        page.Text(
            "The same processor-sharing replay by SimGrid (Debian's libsimgrid 3.32, C++, one execution activity per process) and here, one core each, best of five, the time of the event loop alone (reading excluded on both sides; here the code is compiled in the first of the five).");
        var table = new Table("replay", "processes", "slowdown SimGrid", "here", "difference", "SimGrid s", "here s", "here is faster by");
        var trace = ProcessTrace.ReadRuns(ExhibitPage.Trace("unix-processes-6.csv"));
        var law = new LifetimeLaw(LifetimeShape.Pareto, 1, 1, 1e5);
        Workload[] workloads =
        [
            .. trace.Values,
            Generators.Poisson(10, 0.9, law, 20_000, 1) with { Name = "10 hosts, load 0.9" },
            Generators.Poisson(100, 0.9, law, 2_000, 1) with { Name = "100 hosts, load 0.9" },
            Generators.Poisson(1000, 0.9, law, 200, 1) with { Name = "1000 hosts, load 0.9" },
        ];
        foreach (var workload in workloads)
        {
            var input = new StringBuilder().Append(workload.Nodes).Append('\n');
            foreach (var item in workload.Items)
                input.Append(CultureInfo.InvariantCulture, $"{item.Arrival:R} {item.Home} {item.Cpu:R}\n");

            var (theirs, theirTime) = (0.0, double.PositiveInfinity);
            var (ours, ourTime) = (0.0, double.PositiveInfinity);
            for (var i = 0; i < 5; i++)
            {
                if (Shell(program, "--log=root.thres:error", input.ToString(), out var output) != 0)
                    throw new SimulationException($"The SimGrid replay failed: {output}");

                var numbers = output.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(text => double.Parse(text, CultureInfo.InvariantCulture)).ToArray();
                (theirs, theirTime) = (numbers[0], Math.Min(theirTime, numbers[1]));
                var simulation = new ClusterSimulation(workload, Runs.None, new Scenario { Machines = [new MachineKind(CoreSet.Uniform(1), double.PositiveInfinity)] });
                var watch = Stopwatch.StartNew();
                var result = simulation.Run();
                (ours, ourTime) = (result.MeanSlowdown, Math.Min(ourTime, watch.Elapsed.TotalSeconds));
            }

            table.Add(
                workload.Name,
                workload.Items.Count.ToString("N0", CultureInfo.InvariantCulture),
                F(theirs, "0.00000"),
                F(ours, "0.00000"),
                F(Math.Abs(ours / theirs - 1), "0.0000 %"),
                F(theirTime, "0.0000"),
                F(ourTime, "0.0000"),
                F(theirTime / ourTime, "0.0") + " x");
        }

        page.Table(table);
    }

    private static int Shell(string program, string arguments, string input, out string output)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        output = process.ExitCode == 0 ? output : error.GetAwaiter().GetResult();
        return process.ExitCode;
    }

    private sealed record NodeRun(int Nodes, double Seconds, long Events, double CpuSeconds, double BytesPerNode, double MeanAge, RunResult Result)
    {
        public double PerNodeSecond => 1e6 * CpuSeconds / (Nodes * (Seconds - 1));
    }
}
