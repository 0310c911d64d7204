using System.Text.Json.Serialization;

namespace Isobar.FileView.Bench;

/// <summary>One number.</summary>
/// <param name="Name">What was done.</param>
/// <param name="Unit">MB/s, operations per second, or seconds.</param>
/// <param name="Value">The number.</param>
internal sealed record Measurement(string Name, string Unit, double Value)
{
    /// <summary>How much better a number is than another of the same kind: above 1 is better.</summary>
    public double Over(Measurement other) => Unit == "s" ? other.Value / Value : Value / other.Value;
}

/// <summary>All numbers of one file system.</summary>
internal sealed record Subject(string Name, string What, IReadOnlyList<Measurement> Measurements)
{
    /// <summary>
    /// The best of each number over several runs of one file system: other work on the machine can only make a number worse. Memory and processor time: the least.
    /// </summary>
    public static Subject BestOf(IEnumerable<Subject> runs)
    {
        var all = runs.ToList();
        var measurements = all[0].Measurements.Select((first, i) => all.Select(run => run.Measurements[i]).Aggregate((a, b) => b.Over(a) > 1 ? b : a));
        return all[0] with
        {
            Measurements = [.. measurements],
            MemoryMegabytes = all.Min(run => run.MemoryMegabytes),
            ProcessorSeconds = all.Min(run => run.ProcessorSeconds),
        };
    }

    /// <summary>Largest resident memory of its processes at the end, MB.</summary>
    public double MemoryMegabytes { get; init; }

    /// <summary>Processor time that its processes used for the whole workload, s: less noisy than any rate on a busy machine.</summary>
    public double ProcessorSeconds { get; init; }
}

/// <summary>What is written as JSON.</summary>
internal sealed record Report(DateTimeOffset Time, string Kernel, int Processors, IReadOnlyList<Subject> Subjects);

[JsonSourceGenerationOptions(WriteIndented = true)]
[JsonSerializable(typeof(Report))]
[JsonSerializable(typeof(List<Measurement>))]
internal sealed partial class BenchJson : JsonSerializerContext;
