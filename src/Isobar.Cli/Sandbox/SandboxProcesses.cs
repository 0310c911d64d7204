using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Isobar.Cli.Sandbox;

/// <summary>Finds and ends the first processes of a sandbox by the mark in their environment.</summary>
/// <remarks>
/// A file with process numbers would be lost or wrong after a crash in the middle of <c>up</c>; a mark is there from the first moment.
/// Killing the first process of a PID namespace kills all others in it (pid_namespaces(7)), and its mounts and network go with the last.
/// </remarks>
internal static class SandboxProcesses
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static IReadOnlyList<int> Of(SandboxPlace place)
    {
        var mark = Encoding.UTF8.GetBytes($"\0{SandboxPlace.MarkerVariable}={place.Folder}\0");
        var found = new List<int>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) || pid == Environment.ProcessId)
                continue;
            try
            {
                byte[] environment = [0, .. File.ReadAllBytes(Path.Combine(folder, "environ"))];
                if (environment.AsSpan().IndexOf(mark) >= 0)
                    found.Add(pid);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It ended meanwhile.
            }
        }

        return found;
    }

    public static async Task EndAllAsync(SandboxPlace place, CancellationToken cancellation)
    {
        var since = Stopwatch.GetTimestamp();
        while (Of(place) is { Count: > 0 } pids)
        {
            if (Stopwatch.GetElapsedTime(since) > Patience)
                throw new SandboxException($"processes {string.Join(", ", pids)} of the sandbox do not end: look at /proc/{pids[0]}/stack for what they wait for.");
            foreach (var pid in pids)
                Kill(pid);
            await Task.Delay(TimeSpan.FromMilliseconds(10), cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Field 22 of /proc/PID/stat, or null when there is no such process.</summary>
    public static ulong? StartOf(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            // The name in parentheses may itself hold blanks and parentheses; what follows the last one is regular, from field 3 on.
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            const int StateField = 3;
            const int StartField = 22;
            return fields[0] is "Z" or "X" ? null : ulong.Parse(fields[StartField - StateField], CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static void Kill(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            process.Kill();
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            // It ended meanwhile.
        }
    }
}
