using System.Globalization;
using Isobar.Cli.Jobs;
using Isobar.Cli.Terminal;
using Isobar.Protocol.Jobs;

namespace Isobar.Cli.Top;

/// <summary>The columns of the jobs in <c>isobar top</c>: as wide as what is in them, and on a narrow terminal only those that tell most.</summary>
internal static class JobColumns
{
    private const string Command = "COMMAND";

    /// <summary>So much of the command is worth more than another column.</summary>
    private const int LeastCommand = 12;
    private const int Gap = 2;

    private static readonly Column[] All =
    [
        new("JOB", 0, line => line.Job.Id),
        new("USER", 5, line => UserNames.Of(line.Job.Uid)),
        new("STATE", 2, line => StateOf(line.Job)),
        // With the arrow of a job that has just moved, so that the columns stay where they are when one does.
        new("NODE", 1, line => line.Arrow is null ? line.Job.Node : $"{line.Arrow}>{line.Job.Node}", Least: 12),
        new("MOVES", 7, line => line.Job.Moves.ToString(CultureInfo.InvariantCulture), IsRight: true),
        new("CPU%", 3, line => (line.Cpus * 100).ToString("0", CultureInfo.InvariantCulture), IsRight: true),
        new("MEMORY", 4, line => Quantity.Bytes(line.Job.ResidentBytes), IsRight: true),
        new("TIME", 6, line => Quantity.Time(line.Job.CpuSeconds), IsRight: true),
    ];

    /// <summary>The heading and a line for each job, not yet cut at the terminal's end.</summary>
    /// <param name="lines">The jobs in their order.</param>
    /// <param name="width">Of the terminal, characters.</param>
    public static IEnumerable<string> Lay(IReadOnlyList<Line> lines, int width)
    {
        var sized = All.Select(column => (Column: column, Width: Math.Max(Math.Max(column.Title.Length, column.Least), lines.Select(line => column.Text(line).Length).DefaultIfEmpty(0).Max()))).ToList();
        while (sized.Count > 1 && sized.Sum(column => column.Width + Gap) + LeastCommand > width)
            sized.Remove(sized.MaxBy(column => column.Column.Rank));
        yield return string.Concat(sized.Select(column => Padded(column.Column.Title, column.Width, column.Column.IsRight))) + Command;
        foreach (var line in lines)
            yield return string.Concat(sized.Select(column => Padded(column.Column.Text(line), column.Width, column.Column.IsRight))) + line.Job.Command;
    }

    private static string Padded(string text, int width, bool isRight) => (isRight ? text.PadLeft(width) : text.PadRight(width)) + new string(' ', Gap);

    private static string StateOf(JobStatus job) =>
        job is { State: JobState.Running, Held: { } held } ? (held.IsFrozen ? "frozen" : "suspended") : job.State.ToString().ToLowerInvariant();

    /// <summary>A job, the CPUs that it uses, and where it came from if it has just moved.</summary>
    public sealed record Line(JobStatus Job, double Cpus, string? Arrow);

    /// <param name="Title">Its heading.</param>
    /// <param name="Rank">Those with the largest go first where there is no room.</param>
    /// <param name="Text">What is in it.</param>
    /// <param name="IsRight">Numbers.</param>
    /// <param name="Least">Its least width.</param>
    private sealed record Column(string Title, int Rank, Func<Line, string> Text, bool IsRight = false, int Least = 0);
}
