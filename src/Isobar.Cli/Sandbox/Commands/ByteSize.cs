using System.Globalization;

namespace Isobar.Cli.Sandbox.Commands;

/// <summary>Reads sizes as coreutils writes them: 1048576, 1024K, 1M, 1G (powers of 1024).</summary>
internal static class ByteSize
{
    private const string Units = "KMGT";

    public static long? Parse(string? text)
    {
        if (text is null)
            return null;
        var unit = text.Length > 0 ? Units.IndexOf(char.ToUpperInvariant(text[^1]), StringComparison.Ordinal) : -1;
        var digits = unit < 0 ? text : text[..^1];
        if (long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value > 0 && value <= long.MaxValue >> (10 * (unit + 1)))
            return value << (10 * (unit + 1));
        throw new SandboxException($"'{text}' is no size: write e.g. 512M or 2G.");
    }
}
