using System.Globalization;
using Isobar.Protocol.Balance;
using Isobar.Protocol.Jobs;
using Isobar.Simulation;
using Isobar.Simulation.Workloads;

namespace Isobar.Cli.Sim;

/// <summary>What a real cluster did, in the form in which the simulator can do it again.</summary>
/// <param name="Workload">The jobs that ended, in the order of their arrival; CPU seconds are those of a standard core.</param>
/// <param name="Machines">Name and capacity in standard cores of each node, in the order of their numbers in the workload.</param>
/// <param name="MoveSeconds">The middle one of the times for which moved jobs stood still, without what their memory took; null = nothing was moved.</param>
/// <param name="Seconds">From the first job's start to the last one's end.</param>
/// <param name="Moves">Moves that were made.</param>
internal sealed record RecordedRun(Workload Workload, IReadOnlyList<(string Name, int Cores, double Capacity)> Machines, double? MoveSeconds, double Seconds, int Moves)
{
    // What a large job's memory takes longer says nothing about the fixed part of a move.
    private const long Small = 32L << 20;
    // What a move takes from the CPU of either end, as the daemon counts it, in standard CPU seconds.
    private const double MoveCpuSeconds = 0.13;
    // The kernel counts CPU time of processes in hundredths.
    private const double LeastCpuSeconds = 0.01;

    /// <summary>Puts a record together.</summary>
    /// <param name="jobs">Of the whole cluster; those that have not ended are left out.</param>
    /// <param name="ledger">All moves of these jobs.</param>
    /// <param name="loads">What is known of the machines now.</param>
    /// <param name="speeds">Speed of a core of each node by its name, 1000 = the standard core.</param>
    /// <exception cref="SimulationException">No job has ended, or a machine is not known.</exception>
    public static RecordedRun Of(IEnumerable<JobStatus> jobs, IEnumerable<MoveRecord> ledger, LoadsReply loads, IReadOnlyDictionary<string, int> speeds)
    {
        var ended = jobs.Where(job => job is { State: JobState.Done, Ended: not null }).OrderBy(job => job.Started).ToList();
        if (ended.Count == 0)
            throw new SimulationException("No job has ended on this cluster yet, so there is nothing to record.");
        if (loads.Nodes.FirstOrDefault(node => !node.IsKnown) is { } unknown)
            throw new SimulationException($"Nothing is known of {unknown.Node}'s size: wait until `isobar nodes --age` shows it.");
        var machines = loads.Nodes.Select(node => (Name: node.Node, node.Cores, node.Capacity)).OrderBy(node => node.Name, StringComparer.Ordinal).ToList();
        var began = ended[0].Started;
        var items = ended.Select(job => Item(job, began, machines.FindIndex(node => node.Name == JobId.Parse(job.Id).Home), speeds)).Where(item => item.Home >= 0).ToList();
        var moves = ledger.Where(move => move.Committed).ToList();
        var frozen = moves.Where(move => move.Bytes <= Small && move.FreezeSeconds > 0).Select(move => move.FreezeSeconds).Order().ToList();
        return new RecordedRun(
            new Workload("recorded", machines.Count, items).Validated(),
            machines,
            frozen.Count == 0 ? null : frozen[frozen.Count / 2],
            (ended.Max(job => job.Ended!.Value) - began).TotalSeconds,
            moves.Count);
    }

    /// <summary>The command that runs the same jobs on the same machines in the simulator.</summary>
    public string Replay(string profile, string file, string movesAtOnce)
    {
        var cores = string.Join(',', Machines.Select(machine => string.Create(CultureInfo.InvariantCulture, $"{machine.Cores}x{machine.Capacity / machine.Cores:0.####}")));
        var costs = MoveSeconds is { } seconds ? string.Create(CultureInfo.InvariantCulture, $" --costs {seconds:0.###}+{MoveCpuSeconds}") : "";
        // Without moves nothing was balanced, whatever the profile.
        return movesAtOnce == "0"
            ? $"isobar sim run local -n {Machines.Count} -w trace:{file} --cores {cores}"
            : $"isobar sim run {profile} -n {Machines.Count} -w trace:{file} --cores {cores}{costs} --moves-at-once {movesAtOnce}";
    }

    // Where a job used its CPU seconds is not on record: they are taken as those of its home's cores.
    private static WorkItem Item(JobStatus job, DateTimeOffset began, int home, IReadOnlyDictionary<string, int> speeds) => new()
    {
        Arrival = (job.Started - began).TotalSeconds,
        Home = home,
        Cpu = Math.Max(LeastCpuSeconds, job.CpuSeconds) * speeds.GetValueOrDefault(JobId.Parse(job.Id).Home, 1000) / 1000,
        Name = Program(job.Command),
        Memory = job.ResidentBytes,
        Immobile = job.Stay,
    };

    private static string Program(string command)
    {
        var name = Path.GetFileName(command.Split(' ', 2)[0]);
        return name.Replace(',', '_').Replace('\n', '_');
    }
}
