using System.Diagnostics;
using System.Globalization;
using System.Text;
using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;
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
            + "CPU time, not wall time, since the machine is shared.");
        var settings = ProfileReader.Load("isobar").Settings;
        var profile = new Profile(settings with { Dissemination = settings.Dissemination.With("vector", Vector).With("window", 8) });
        var law = new LifetimeLaw(LifetimeShape.Pareto, 5, 1, 1e4);
        var table = new Table("nodes", "virtual s", "events", "events/s", "CPU s per simulated minute", "µs per node second", "bytes per node", "bytes sent/node s", "age s", "jobs ended");
        foreach (var (nodes, seconds) in new[] { (1000, 120.0), (10_000, 30.0), (100_000, 10.0), (1_000_000, 5.0) })
        {
            var workload = Generators.Poisson(nodes, 0.5, law, seconds, 1);
            var before = GC.GetTotalMemory(forceFullCollection: true);
            var world = new Scenario { Machines = [new MachineKind(CoreSet.Uniform(1), 4e9)], Topology = new Topology { Latency = 200e-6 }, EndAt = seconds };
            var simulation = new ClusterSimulation(workload, profile, world);

            // The first second fills vectors and warms the code up; it is not counted.
            simulation.RunUntil(1);
            var (events, cpu) = (simulation.Events, Process.GetCurrentProcess().TotalProcessorTime);
            simulation.RunUntil(seconds);
            events = simulation.Events - events;
            var took = (Process.GetCurrentProcess().TotalProcessorTime - cpu).TotalSeconds;
            var bytes = (GC.GetTotalMemory(forceFullCollection: true) - before) / (double)nodes;
            var ages = simulation.ViewAges();
            var result = simulation.Result();
            table.Add(
                nodes.ToString("N0", CultureInfo.InvariantCulture),
                F(seconds, "0"),
                events.ToString("N0", CultureInfo.InvariantCulture),
                (events / took).ToString("N0", CultureInfo.InvariantCulture),
                F(took * 60 / (seconds - 1), "0.0"),
                F(1e6 * took / (nodes * (seconds - 1)), "0.0"),
                bytes.ToString("N0", CultureInfo.InvariantCulture),
                F(result.LoadBytesPerNodeSecond, "0"),
                F(ages.Mean, "0.00"),
                result.Processes.ToString("N0", CultureInfo.InvariantCulture));
            GC.KeepAlive(simulation);
        }

        page.Table(table);
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
}
