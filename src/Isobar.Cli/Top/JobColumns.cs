using System.Globalization;
using Isobar.Cli.Jobs;
using Isobar.Cli.Terminal;
using Isobar.Protocol.Jobs;

namespace Isobar.Cli.Top;

/// <summary>The columns of the jobs in <c>isobar top</c>: on a narrow terminal only those that tell most, and always the command.</summary>
internal static class JobColumns
{
    private static readonly TextTable.Column[] All =
    [
        new("JOB"),
        new("USER", Rank: 5),
        new("STATE", Rank: 2),
        // With the arrow of a job that has just moved, so that the columns stay where they are when one does.
        new("NODE", Rank: 1, Least: 12),
        new("MOVES", IsRight: true, Rank: 7),
        new("CPU%", IsRight: true, Rank: 3),
        new("MEMORY", IsRight: true, Rank: 4),
        new("TIME", IsRight: true, Rank: 6),
        // So much of it is worth more than another column.
        new("COMMAND", Least: 12),
    ];

    /// <summary>The heading and a line for each job.</summary>
    /// <param name="lines">The jobs in their order.</param>
    /// <param name="width">Of the terminal, characters.</param>
    public static IEnumerable<string> Lay(IReadOnlyList<Line> lines, int width)
    {
        var table = new TextTable(All);
        foreach (var (job, cpus, arrow) in lines)
        {
            table.Add(
                job.Id,
                UserNames.Of(job.Uid),
                PsCommand.State(job),
                arrow is null ? job.Node : $"{arrow}>{job.Node}",
                job.Moves.ToString(CultureInfo.InvariantCulture),
                (cpus * 100).ToString("0", CultureInfo.InvariantCulture),
                Quantity.Bytes(job.ResidentBytes),
                Quantity.Time(job.CpuSeconds),
                job.Command);
        }

        using var text = new StringWriter { NewLine = "\n" };
        table.Write(text, isColoured: false, width);
        return text.ToString().TrimEnd('\n').Split('\n');
    }

    /// <summary>A job, the CPUs that it uses, and where it came from if it has just moved.</summary>
    public sealed record Line(JobStatus Job, double Cpus, string? Arrow);
}
