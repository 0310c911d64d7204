using System.CommandLine;
using Isobar.Balancing.Load;
using Isobar.Simulation;
using Isobar.Simulation.Comparing;
using Isobar.Simulation.Networks;
using Isobar.Simulation.Workloads;
using Isobar.Simulation.World;

namespace Isobar.Cli.Sim;

/// <summary>The options that describe the simulated world, common to run, compare and sweep.</summary>
internal sealed class WorldOptions
{
    private readonly Option<string> _workload = new("--workload", "-w")
    {
        Description = "What arrives: KIND[:PARAMETERS], see 'isobar sim list'",
        DefaultValueFactory = _ => "poisson",
    };

    private readonly Option<int> _nodes = new("--nodes", "-n") { Description = "Number of machines (default: what the workload implies, else 16)" };
    private readonly Option<string> _cores = new("--cores")
    {
        Description = "Cores of a machine, COUNT or COUNTxSPEED; several, by commas, are given out in turn",
        DefaultValueFactory = _ => "1",
    };

    private readonly Option<string[]> _changes = new("--change")
    {
        Description = "A machine becomes another: SECOND:MACHINE:CORES, machines counted from 0, cores as above (40:1:1x0.25); may be given several times",
    };

    private readonly Option<double> _memory = new("--memory") { Description = "Memory of a machine in GB", DefaultValueFactory = _ => 4 };
    private readonly Option<double> _seconds = new("--seconds") { Description = "Length of generated workloads in virtual seconds", DefaultValueFactory = _ => 3600 };
    private readonly Option<string> _costs = new("--costs")
    {
        Description = "What a move costs: modern (0.15 s + memory at 1 GB/s), modern-cpu (and CPU at both ends), 1996, FIXED_SECONDS, or FIXED_SECONDS+CPU_SECONDS (at each end, counted by the policies)",
        DefaultValueFactory = _ => "modern-cpu",
    };

    private readonly Option<double> _image = new("--process-memory") { Description = "Mean memory of a process of unknown size in MB", DefaultValueFactory = _ => 100 };
    private readonly Option<double> _latency = new("--latency") { Description = "One-way latency in microseconds", DefaultValueFactory = _ => 100 };
    private readonly Option<double> _bandwidth = new("--bandwidth") { Description = "Bandwidth of a machine's link in MB/s", DefaultValueFactory = _ => 1000 };
    private readonly Option<double> _loss = new("--loss") { Description = "Share of datagrams that are lost, 0 to 1" };
    private readonly Option<int> _movesAtOnce = new("--moves-at-once") { Description = "Moves from and to a machine at a time, as the daemon's setting (default: no limit)" };
    private readonly Option<bool> _contention = new("--contention") { Description = "Moves share the links" };
    private readonly Option<int> _cluster = new("--cluster-size") { Description = "Machines per cluster; more machines make a grid of clusters" };
    private readonly Option<double> _owners = new("--owners") { Description = "Share of the machines that have an owner who comes and goes, 0 to 1" };
    private readonly Option<double> _kill = new("--kill-above") { Description = "A machine kills when memory in use passes this multiple of its memory" };

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_workload, _nodes, _cores, _changes, _memory, _seconds, _costs, _image, _latency, _bandwidth, _loss, _movesAtOnce, _contention, _cluster, _owners, _kill])
            command.Options.Add(option);
    }

    public Setting Setting(ParseResult parsed)
    {
        var spec = parsed.GetValue(_workload)!;
        var world = Scenario(parsed);
        var nodes = parsed.GetValue(_nodes);
        var seconds = parsed.GetValue(_seconds);
        var colon = spec.IndexOf(':', StringComparison.Ordinal);
        var file = spec.StartsWith("trace:", StringComparison.Ordinal) || spec.StartsWith("swf:", StringComparison.Ordinal);
        Workload? read = file ? WorkloadCatalog.Make(spec, nodes, seconds, 1) : null;
        var name = file ? Path.GetFileName(spec[(colon + 1)..]) : spec;
        return new Setting(name, seed => (read ?? WorkloadCatalog.Make(spec, nodes, seconds, seed), world with { Seed = seed }));
    }

    public Scenario Scenario(ParseResult parsed)
    {
        var memory = parsed.GetValue(_memory) * 1e9;
        var kinds = parsed.GetValue(_cores)!.Split(',').Select(text => new MachineKind(Cores(text), memory)).ToList();
        var bandwidth = parsed.GetValue(_bandwidth) * 1e6;
        var cluster = parsed.GetValue(_cluster);
        var costs = Costs(parsed.GetValue(_costs)!);
        var kill = parsed.GetValue(_kill);
        var owners = parsed.GetValue(_owners);
        return new Scenario
        {
            // A list of kinds is given out in turn over more nodes than any run here will have; the last stands for the rest.
            Machines = kinds.Count == 1 ? kinds : [.. Enumerable.Range(0, 4096).Select(i => kinds[i % kinds.Count])],
            Topology = new Topology
            {
                ClusterSize = cluster > 0 ? cluster : int.MaxValue,
                Latency = parsed.GetValue(_latency) * 1e-6,
                NodeBandwidth = bandwidth,
                Loss = parsed.GetValue(_loss),
            },
            Changes = [.. (parsed.GetValue(_changes) ?? []).Select(Change)],
            Costs = costs with { Contention = parsed.GetValue(_contention), BytesPerSecond = Math.Min(costs.BytesPerSecond, bandwidth) },
            MeanMemory = parsed.GetValue(_image) * 1e6,
            ExponentialMemory = true,
            MovesAtOnce = parsed.GetValue(_movesAtOnce),
            KillAbove = kill > 0 ? kill : double.PositiveInfinity,
            Owners = owners > 0 ? new OwnerModel { Share = owners } : null,
        };
    }

    private static MoveCosts Costs(string text) => text switch
    {
        "modern" => MoveCosts.Modern,
        "modern-cpu" => MoveCosts.ModernWithCpu,
        "1996" => MoveCosts.Of1996,
        _ when text.Split('+') is { Length: 1 or 2 } parts && Seconds(parts[0]) is { } seconds && Seconds(parts[^1]) is { } cpu =>
            MoveCosts.ModernWithCpu with { FixedSeconds = seconds, CpuSeconds = parts.Length == 2 ? cpu : MoveCosts.ModernWithCpu.CpuSeconds, PoliciesCountCpu = parts.Length == 2 },
        _ => throw new SimulationException($"There are no costs {text}; give modern, modern-cpu, 1996, or the fixed seconds of a move."),
    };

    private static double? Seconds(string text) =>
        double.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out var seconds) && seconds >= 0 ? seconds : null;

    private static MachineChange Change(string text) => text.Split(':') is [var at, var machine, var cores] && Seconds(at) is { } second
        && int.TryParse(machine, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number)
        ? new MachineChange(second, number, Cores(cores))
        : throw new SimulationException($"The change {text} is not SECOND:MACHINE:CORES; write 40:1:1x0.25 for the second machine to have a quarter of a core from second 40 on.");

    private static CoreSet Cores(string text)
    {
        var parts = text.Split('x');
        var speed = 1f;
        var good = int.TryParse(parts[0], System.Globalization.CultureInfo.InvariantCulture, out var count)
            && count > 0
            && (parts.Length == 1
                || (parts.Length == 2 && float.TryParse(parts[1], System.Globalization.CultureInfo.InvariantCulture, out speed) && speed > 0));
        return good ? CoreSet.Uniform(count, speed) : throw new SimulationException($"Cores {text} are not COUNT or COUNTxSPEED; write 4 or 4x1.5.");
    }
}
