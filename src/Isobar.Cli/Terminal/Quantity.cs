using System.Globalization;

namespace Isobar.Cli.Terminal;

/// <summary>Numbers as people read them.</summary>
public static class Quantity
{
    private static readonly string[] Units = ["B", "K", "M", "G", "T", "P"];

    /// <summary>Bytes with binary units and three figures, as ls -h and free -h: 512M, 7.8G.</summary>
    public static string Bytes(long bytes)
    {
        var value = (double)bytes;
        var unit = 0;
        while (value >= 999.5 && unit < Units.Length - 1)
        {
            value /= 1024;
            unit++;
        }
        return value.ToString(unit > 0 && value < 9.95 ? "0.0" : "0", CultureInfo.InvariantCulture) + Units[unit];
    }

    /// <summary>The two largest units: 3d4h, 2h5m, 4m10s, 12s.</summary>
    public static string Time(double seconds)
    {
        var time = TimeSpan.FromSeconds(Math.Max(0, seconds));
        FormattableString text = time switch
        {
            { TotalDays: >= 1 } => $"{(int)time.TotalDays}d{time.Hours}h",
            { TotalHours: >= 1 } => $"{time.Hours}h{time.Minutes}m",
            { TotalMinutes: >= 1 } => $"{time.Minutes}m{time.Seconds}s",
            _ => $"{time.Seconds}s",
        };
        return text.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>Reads 90, 90s, 10m, 2h or 1d.</summary>
    /// <exception cref="CommandException">None of these.</exception>
    public static TimeSpan ParseTime(string text)
    {
        var (number, factor) = text.Length == 0 ? (text, 1.0) : text[^1] switch
        {
            's' => (text[..^1], 1.0),
            'm' => (text[..^1], 60),
            'h' => (text[..^1], 3600),
            'd' => (text[..^1], 86400),
            _ => (text, 1),
        };
        return double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count) && count * factor < TimeSpan.MaxValue.TotalSeconds / 2
            ? TimeSpan.FromSeconds(count * factor)
            : throw new CommandException($"\"{text}\" is no time: write for example 90s, 10m, 2h or 1d.");
    }
}
