using System.Globalization;
using Isobar.Linux.Processes;

namespace Isobar.Node.Jobs;

/// <summary>
/// Ends what a supervisor that was killed has left: without it nobody holds the job's files and lease, so its processes must not run on.
/// </summary>
internal static class Orphans
{
    /// <summary>Each job host notes its job's first process: number and start time, since numbers are used again.</summary>
    public const string NotePattern = "init";

    public static void End(string runFolder)
    {
        if (!Directory.Exists(runFolder))
            return;
        foreach (var note in Directory.EnumerateFiles(runFolder, NotePattern, SearchOption.AllDirectories))
        {
            var parts = File.ReadAllText(note).Split(' ');
            if (parts.Length == 2
                && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
                && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var started)
                && ProcFs.Stat(pid)?.StartTicks == started)
                SignalSender.Send(pid, 9);
        }
    }
}
