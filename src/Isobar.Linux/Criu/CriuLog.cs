using System.Text;

namespace Isobar.Linux.Criu;

/// <summary>Reads CRIU's log file. Its text only explains a failure that CRIU has already reported by its answer; nothing is decided on it.</summary>
internal static class CriuLog
{
    private const int TailBytes = 16 * 1024;
    private const int TailLines = 40;

    /// <summary>All lines that report an error, in order; empty when there is no log.</summary>
    public static IReadOnlyList<string> Errors(string path)
    {
        try
        {
            return [.. File.ReadLines(path).Where(IsTelling).Take(200)];
        }
        catch (IOException)
        {
            return [];
        }
    }

    /// <summary>The last forty lines, or null when there is no log.</summary>
    public static string? Tail(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            file.Seek(-Math.Min(TailBytes, file.Length), SeekOrigin.End);
            using var reader = new StreamReader(file, Encoding.UTF8);
            return string.Join('\n', reader.ReadToEnd().TrimEnd('\n').Split('\n').TakeLast(TailLines));
        }
        catch (IOException)
        {
            return null;
        }
    }

    // Raising its own limit of open files needs CAP_SYS_RESOURCE; CRIU goes on without.
    private static bool IsTelling(string line)
        => line.Contains("Error (", StringComparison.Ordinal) && !line.Contains("Can't setup RLIMIT_NOFILE for self", StringComparison.Ordinal);
}
