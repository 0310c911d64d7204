using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Isobar.Cli.Balance;
using Isobar.Cli.Terminal;
using Isobar.Protocol.Balance;
using Isobar.Protocol.Cluster;
using Isobar.Protocol.Jobs;
using Isobar.Protocol.Jobs.Wire;
using Isobar.Simulation.Workloads;

namespace Isobar.Cli.Sim;

/// <summary><c>isobar sim record</c>: the jobs that ran on this cluster as a trace, and the command that runs them again in the simulator.</summary>
internal static class SimRecordCommand
{
    public static Command Create()
    {
        var file = new Argument<FileInfo>("file") { Description = "Where the trace is written (CSV)" };
        var since = new Option<double?>("--since") { HelpName = "MINUTES", Description = "Only jobs that were started in the last so many minutes (default: all on record)" };
        var command = new Command("record", "Write the jobs that ran on this cluster as a workload for the simulator.\n\nExample: isobar sim record seen.csv --since 60") { file, since };
        command.SetAction((parsed, cancel) => ReportOptions.GuardAsync(async () =>
        {
            var target = parsed.GetValue(file)!;
            var (run, profile, movesAtOnce) = await ReadAsync(parsed.SocketPath(), parsed.GetValue(since), cancel);
            await using (var writer = target.CreateText())
                ProcessTrace.Write(run.Workload, writer);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{run.Workload.Items.Count} jobs on {run.Machines.Count} machines, {run.Workload.TotalCpu:0.0} standard CPU s, {run.Moves} moves, {run.Seconds:0.0} s from the first start to the last end. The same in the simulator:"));
            Console.WriteLine(run.Replay(profile, target.ToString(), movesAtOnce));
        }));
        return command;
    }

    private static async Task<(RecordedRun Run, string Profile, string MovesAtOnce)> ReadAsync(string socket, double? since, CancellationToken cancel)
    {
        var from = since is { } minutes ? DateTimeOffset.UtcNow - TimeSpan.FromMinutes(minutes) : DateTimeOffset.MinValue;
        var list = await Daemon.CallAsync(socket, channel => new LocalJobs.LocalJobsClient(channel).ListAsync(new ListRequest { All = true }, cancellationToken: cancel));
        var jobs = list.Jobs.Select(job => JsonSerializer.Deserialize(job.Span, JobJson.Default.JobStatus)!).Where(job => job.Started >= from).ToList();
        var ledger = new List<MoveRecord>();
        foreach (var job in jobs.Where(job => job.Moves > 0))
        {
            var reply = await Daemon.CallAsync(socket, channel => new LocalJobs.LocalJobsClient(channel).MovesAsync(new MovesRequest { Job = job.Id }, cancellationToken: cancel));
            ledger.AddRange(reply.Moves.Select(move => JsonSerializer.Deserialize(move.Span, JobJson.Default.MoveRecord)!));
        }

        var loads = await Daemon.CallAsync(socket, channel => new LocalBalance.LocalBalanceClient(channel).LoadsAsync(new LoadsRequest(), cancellationToken: cancel));
        var nodes = await Daemon.CallAsync(socket, channel => new LocalCluster.LocalClusterClient(channel).NodesAsync(new NodesRequest(), cancellationToken: cancel));
        var speeds = nodes.Nodes.Where(node => node.Status is not null).ToDictionary(node => node.Name, node => node.Status.Speed);
        var settings = await Daemon.CallAsync(socket, channel => new LocalBalance.LocalBalanceClient(channel).GetSettingsAsync(new GetSettingsRequest(), cancellationToken: cancel));
        return (RecordedRun.Of(jobs, ledger, loads, speeds), loads.Profile, ConfigCommand.ValueOf(settings, "moves-at-once", ""));
    }
}
