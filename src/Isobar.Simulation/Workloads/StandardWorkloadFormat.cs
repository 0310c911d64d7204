using System.Globalization;

namespace Isobar.Simulation.Workloads;

/// <summary>One job of a Standard Workload Format file: the columns that scheduling needs (Feitelson's archive, version 2.2: 18 columns, -1 = unknown).</summary>
/// <param name="Number">Column 1.</param>
/// <param name="Submit">Column 2, seconds from the start of the log.</param>
/// <param name="Run">Column 4, seconds it ran.</param>
/// <param name="Processors">Column 5 (or 8 when unknown): processors it held.</param>
/// <param name="Requested">Column 9: seconds it asked for; -1 unknown.</param>
/// <param name="User">Column 12.</param>
/// <param name="Group">Column 13.</param>
/// <param name="Partition">Column 16: in the grid log, the site.</param>
public readonly record struct BatchJob(int Number, double Submit, double Run, int Processors, double Requested, int User, int Group, int Partition);

/// <summary>Reads SWF logs of the Parallel Workloads Archive.</summary>
public static class StandardWorkloadFormat
{
    private const int Columns = 18;

    /// <summary>Jobs in order of submission; those that never ran (run time or processors not positive) are left out.</summary>
    public static List<BatchJob> Read(string path)
    {
        var jobs = new List<BatchJob>();
        var row = 0;
        Span<Range> ranges = stackalloc Range[Columns + 1];
        foreach (var line in TextSource.Lines(path))
        {
            row++;
            var text = line.AsSpan().Trim();
            if (text.IsEmpty || text[0] == ';')
                continue;

            if (text.SplitAny(ranges, [' ', '\t'], StringSplitOptions.RemoveEmptyEntries) < Columns)
                throw new SimulationException($"Line {row} of {path} has fewer than {Columns} columns; it is no Standard Workload Format file, or is cut off.");

            var processors = (int)Number(text[ranges[4]], path, row);
            if (processors <= 0)
                processors = (int)Number(text[ranges[7]], path, row);

            var run = Number(text[ranges[3]], path, row);
            if (run <= 0 || processors <= 0)
                continue;

            jobs.Add(new BatchJob(
                (int)Number(text[ranges[0]], path, row),
                Number(text[ranges[1]], path, row),
                run,
                processors,
                Number(text[ranges[8]], path, row),
                (int)Number(text[ranges[11]], path, row),
                (int)Number(text[ranges[12]], path, row),
                (int)Number(text[ranges[15]], path, row)));
        }

        // Some logs have small disorders; a stable order by submission keeps runs deterministic.
        return [.. jobs.OrderBy(job => job.Submit).ThenBy(job => job.Number)];
    }

    /// <summary>
    /// The log as processes of a cluster: each job becomes one process per processor, homed by partition (or round robin when the log has one
    /// partition), so that a batch log can also drive the time-shared policies.
    /// </summary>
    /// <param name="path">The file, plain or .xz.</param>
    /// <param name="nodes">Number of nodes that homes are spread over.</param>
    /// <param name="limit">At most so many processes.</param>
    public static Workload ReadProcesses(string path, int nodes, int limit = int.MaxValue)
    {
        var items = new List<WorkItem>();
        var next = 0;
        foreach (var job in Read(path))
        {
            for (var k = 0; k < job.Processors && items.Count < limit; k++)
            {
                var home = job.Partition > 0 ? (job.Partition - 1 + k) % nodes : next++ % nodes;
                items.Add(new WorkItem { Arrival = job.Submit, Home = home, Cpu = job.Run, Name = string.Create(CultureInfo.InvariantCulture, $"user{job.User}") });
            }

            if (items.Count >= limit)
                break;
        }

        return new Workload(Path.GetFileName(path), nodes, items).Validated();
    }

    private static double Number(ReadOnlySpan<char> cell, string path, int row) =>
        double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw new SimulationException($"Line {row} of {path} has {cell} where a number belongs; it is no Standard Workload Format file, or is damaged.");
}
