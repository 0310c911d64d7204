using Isobar.Linux.Kernel;

namespace Isobar.Linux.Load;

/// <summary>
/// Pressure stall information of one resource: the share of time in which some task waited for it. Made from the kernel's running total and not from its own
/// averages, of which the shortest is ten seconds (Documentation/accounting/psi.rst).
/// </summary>
/// <param name="path">/proc/pressure/cpu, memory or io, or the same of a control group.</param>
public sealed class PressureStall(string path) : IDisposable
{
    private readonly KernelFileReader _file = new(path);
    private readonly byte[] _buffer = new byte[256];
    private long _total = -1;

    /// <summary>0..1 since the look before; 0 at the first look and where the kernel keeps no pressure.</summary>
    public double Sample(double elapsedSeconds)
    {
        var before = _total;
        if (TotalMicroseconds(_file.Read(_buffer)) is not { } now)
            return 0;
        _total = now;
        return before < 0 || elapsedSeconds <= 0 ? 0 : Math.Clamp((now - before) / (elapsedSeconds * 1e6), 0, 1);
    }

    /// <summary>The total of the "some" line, in microseconds; null for text of another form.</summary>
    public static long? TotalMicroseconds(ReadOnlySpan<byte> text) => text.StartsWith("some "u8) ? KernelText.Number(text, "total="u8) : null;

    public void Dispose() => _file.Dispose();
}
