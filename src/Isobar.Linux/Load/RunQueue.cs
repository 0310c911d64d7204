using System.Buffers.Text;

namespace Isobar.Linux.Load;

/// <summary>
/// How many threads are ready to run (running ones included), averaged over some seconds. Unlike the kernel's load average it counts no uninterruptible
/// sleepers and follows within seconds instead of a minute, which is what a placement needs.
/// </summary>
/// <param name="timeConstant">The time in which an old value's weight falls to 1/e.</param>
public sealed class RunQueue(TimeSpan timeConstant)
{
    private double _average;
    private bool _hasValue;

    /// <summary>Ready threads; 0 on an idle machine.</summary>
    public double Average => Volatile.Read(ref _average);

    /// <summary>
    /// Ready threads out of /proc/loadavg ("0.20 0.18 0.12 1/80 11206": the fourth field, before the slash; proc_loadavg(5)), less the one that reads.
    /// </summary>
    public static int? Parse(ReadOnlySpan<byte> text) =>
        Utf8Parser.TryParse(Fourth(text), out int ready, out _) ? Math.Max(0, ready - 1) : null;

    /// <summary>Threads that exist: what follows the slash.</summary>
    public static int? ParseExisting(ReadOnlySpan<byte> text)
    {
        var field = Fourth(text);
        var slash = field.IndexOf((byte)'/');
        return slash >= 0 && Utf8Parser.TryParse(field[(slash + 1)..], out int existing, out _) ? existing : null;
    }

    /// <summary>Takes one observation into the average.</summary>
    public void Add(double ready, TimeSpan elapsed)
    {
        var weight = _hasValue ? 1 - Math.Exp(-elapsed / timeConstant) : 1;
        Volatile.Write(ref _average, _average + (weight * (ready - _average)));
        _hasValue = true;
    }

    private static ReadOnlySpan<byte> Fourth(ReadOnlySpan<byte> text)
    {
        for (var field = 0; field < 3; field++)
        {
            var blank = text.IndexOf((byte)' ');
            if (blank < 0)
                return [];
            text = text[(blank + 1)..];
        }

        return text;
    }
}
