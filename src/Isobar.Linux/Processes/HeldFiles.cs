using System.Globalization;
using System.Text;
using Isobar.Linux.Kernel;

namespace Isobar.Linux.Processes;

/// <summary>The links of /proc that lead to what a process holds: its working folder, its program, what it has open and what it has mapped.</summary>
internal static class HeldFiles
{
    /// <summary>What the kernel adds to the name of a file that has lost it.</summary>
    public const string Removed = " (deleted)";

    private const int FirstMaps = 128 * 1024;

    /// <summary>Those of one process; none when it has ended. Nothing that they lead to is looked at.</summary>
    public static IEnumerable<string> LinksOf(int process)
    {
        yield return $"/proc/{process}/cwd";
        yield return $"/proc/{process}/exe";
        var numbers = new int[64];
        var count = DirectoryNumbers.Read($"/proc/{process}/fd", new byte[4096], ref numbers);
        for (var i = 0; i < count; i++)
            yield return string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/fd/{numbers[i]}");
        foreach (var line in Maps(process).Split('\n'))
        {
            // "00400000-00452000 r-xp 00000000 08:02 173521   /usr/bin/dbus-daemon" (proc_pid_maps(5)); map_files has the numbers without leading zeros.
            var slash = line.IndexOf('/', StringComparison.Ordinal);
            var dash = line.IndexOf('-', StringComparison.Ordinal);
            var blank = line.IndexOf(' ', StringComparison.Ordinal);
            if (slash > blank && blank > dash && dash > 0)
                yield return $"/proc/{process}/map_files/{line.AsSpan(0, dash).TrimStart('0')}-{line.AsSpan((dash + 1)..blank).TrimStart('0')}";
        }
    }

    private static string Maps(int process)
    {
        for (var size = FirstMaps; ; size *= 4)
        {
            var buffer = new byte[size];
            var length = KernelFile.TryRead($"/proc/{process}/maps", buffer) ?? 0;
            if (length < size)
                return Encoding.UTF8.GetString(buffer, 0, length);
        }
    }
}
