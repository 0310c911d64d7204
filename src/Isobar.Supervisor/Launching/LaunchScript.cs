using System.Buffers;
using System.Runtime.InteropServices;
using Isobar.Linux.Kernel;

namespace Isobar.Supervisor.Launching;

/// <summary>
/// The steps of a job's first process, as it reads them, and what to say when one of them fails. A script and not a program: a second start of the .NET runtime would be a third of what a short job costs.
/// </summary>
internal sealed class LaunchScript
{
    /// <summary>What the first process reports of a step that failed: its number and the error number, 32 bits each.</summary>
    public const int ReportLength = 2 * sizeof(int);

    private readonly ArrayBufferWriter<byte> _bytes = new(16 * 1024);
    private readonly List<Func<int, LaunchFailure>> _failures = [];

    /// <summary>Adds a step.</summary>
    /// <param name="step">What to do.</param>
    /// <param name="operation">The same as a verb phrase, for the sentence about its failure.</param>
    /// <param name="path">The object of that phrase, or null.</param>
    /// <param name="numbers">Its numbers.</param>
    /// <param name="texts">Its texts, without the zero at their end.</param>
    public void Add(LaunchStep step, string operation, string? path, ReadOnlySpan<long> numbers, params IReadOnlyList<byte[]> texts) =>
        Add(step, error => new LaunchFailure(LaunchStage.OurFailure, new KernelException(operation, path, error).Message), numbers, texts);

    /// <summary>Adds a step whose failure is not ours.</summary>
    public void Add(LaunchStep step, Func<int, LaunchFailure> failure, ReadOnlySpan<long> numbers, params IReadOnlyList<byte[]> texts)
    {
        _failures.Add(failure);
        Write((uint)step);
        Write((uint)numbers.Length);
        Write((uint)texts.Count);
        _bytes.Write(MemoryMarshal.AsBytes(numbers));
        foreach (var text in texts)
        {
            Write((uint)text.Length);
            _bytes.Write(text);
            _bytes.Write("\0"u8);
        }
    }

    public ReadOnlyMemory<byte> ToMemory() => _bytes.WrittenMemory;

    /// <summary>The failure that a report tells of.</summary>
    public LaunchFailure Explain(ReadOnlySpan<byte> report)
    {
        if (report.Length != ReportLength)
            return new LaunchFailure(LaunchStage.OurFailure, "The job's first process ended before it could tell why.");
        var numbers = MemoryMarshal.Cast<byte, int>(report);
        return numbers[0] >= 0 && numbers[0] < _failures.Count
            ? _failures[numbers[0]](numbers[1])
            : new LaunchFailure(LaunchStage.OurFailure, new KernelException("tell the job's first process what to do", null, numbers[1]).Message);
    }

    private void Write(uint value) => _bytes.Write(MemoryMarshal.AsBytes(new ReadOnlySpan<uint>(in value)));
}
