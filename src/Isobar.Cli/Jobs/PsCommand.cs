using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Isobar.Cli.Terminal;
using Isobar.Protocol.Jobs;
using Isobar.Protocol.Jobs.Wire;

namespace Isobar.Cli.Jobs;

/// <summary>isobar ps [-a] [--json]</summary>
internal static class PsCommand
{
    public static Command Create()
    {
        var all = new Option<bool>("--all", "-a") { Description = "Ended jobs too" };
        var json = GlobalOptions.Json();
        var command = new Command("ps", "List the jobs of the whole cluster.\n\nExample: isobar ps -a") { all, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            var request = new ListRequest { All = parsed.GetValue(all) };
            var reply = await Daemon.CallAsync(parsed.SocketPath(), channel => new LocalJobs.LocalJobsClient(channel).ListAsync(request, cancellationToken: cancellation));
            IReadOnlyList<JobStatus> jobs = [.. reply.Jobs.Select(job => JsonSerializer.Deserialize(job.Span, JobJson.Default.JobStatus)!).OrderBy(job => job.Started)];
            if (parsed.GetValue(json))
                Console.WriteLine(JsonSerializer.Serialize(jobs, JobJson.Default.IReadOnlyListJobStatus));
            else
                Table(jobs, DateTimeOffset.UtcNow).Write(Console.Out);
            if (reply.Silent.Count > 0)
                await Console.Error.WriteLineAsync($"isobar: no answer from {string.Join(", ", reply.Silent)}: the jobs whose home is there are not shown.");
            return ExitCodes.Success;
        });
        return command;
    }

    internal static TextTable Table(IReadOnlyList<JobStatus> jobs, DateTimeOffset now)
    {
        var table = new TextTable(
            new("JOB"), new("NAME"), new("USER"), new("STATE"), new("NODE"), new("MOVES", true), new("CPU", true), new("MEMORY", true), new("AGE", true), new("COMMAND"))
        {
            CutsLast = true,
        };
        foreach (var job in jobs)
        {
            table.Add(
                job.Id,
                job.Name ?? "-",
                UserNames.Of(job.Uid),
                State(job),
                job.Node,
                job.Moves.ToString(CultureInfo.InvariantCulture),
                Quantity.Time(job.CpuSeconds),
                job.Ended is null ? Quantity.Bytes(job.ResidentBytes) : "-",
                Quantity.Time(((job.Ended ?? now) - job.Started).TotalSeconds),
                job.Command);
        }

        return table;
    }

    /// <summary>A job's state in a word, with its colour.</summary>
    internal static TextTable.Cell State(JobStatus job) => job.State switch
    {
        JobState.Running when job.Held is { } held => new(held.Kind.ToString().ToLowerInvariant(), Paint.Yellow),
        JobState.Running => new("running", Paint.Green),
        JobState.Done when job.ExitCode == 0 => new("done", Paint.Faint),
        JobState.Done => new($"done ({job.ExitCode})", Paint.Yellow),
        JobState.Lost => new("lost", Paint.Red),
        JobState.Unreachable => new("unreachable", Paint.Red),
        var other => new(other.ToString().ToLowerInvariant(), Paint.Yellow),
    };
}
