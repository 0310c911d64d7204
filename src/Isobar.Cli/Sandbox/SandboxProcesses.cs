using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Cli.Sandbox;

/// <summary>Finds and ends the first processes of a sandbox by the mark in their environment.</summary>
/// <remarks>
/// A file with process numbers would be lost or wrong after a crash in the middle of <c>up</c>; a mark is there from the first moment.
/// Killing the first process of a PID namespace kills all others in it (pid_namespaces(7)), and its mounts and network go with the last.
/// </remarks>
internal static class SandboxProcesses
{
    private static readonly string[] Kinds = ["net", "mnt", "pid", "pid_for_children"];
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static IReadOnlyList<int> Of(SandboxPlace place)
    {
        var mark = Encoding.UTF8.GetBytes($"\0{SandboxPlace.MarkerVariable}={place.Folder}\0");
        return [.. All().Where(pid => pid != Environment.ProcessId && IsMarked(pid, mark))];
    }

    public static async Task EndAllAsync(SandboxPlace place, CancellationToken cancellation)
    {
        // A process that is ending has no environment any more but is still in its namespaces, and so are those it takes with it.
        var own = NamespacesOf("self").ToHashSet();
        var namespaces = new Dictionary<string, SafeFileHandle>();
        var since = Stopwatch.GetTimestamp();
        try
        {
            while (true)
            {
                var marked = Of(place);
                foreach (var pid in marked)
                    Hold(pid, own, namespaces);
                foreach (var pid in marked)
                    Kill(pid);
                var left = marked.Count > 0 ? marked : [.. All().Where(pid => NamespacesOf(Text(pid)).Any(namespaces.ContainsKey))];
                if (left.Count == 0)
                    return;
                if (Stopwatch.GetElapsedTime(since) > Patience)
                    throw new SandboxException($"processes {string.Join(", ", left)} of the sandbox do not end: look at /proc/{left[0]}/stack for what they wait for.");
                await Task.Delay(TimeSpan.FromMilliseconds(10), cancellation).ConfigureAwait(false);
            }
        }
        finally
        {
            foreach (var handle in namespaces.Values)
                handle.Dispose();
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

    private static IEnumerable<int> All()
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var pid))
                yield return pid;
        }
    }

    private static bool IsMarked(int pid, byte[] mark)
    {
        try
        {
            byte[] environment = [0, .. File.ReadAllBytes($"/proc/{pid}/environ")];
            return environment.AsSpan().IndexOf(mark) >= 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It ended meanwhile.
            return false;
        }
    }

    /// <summary>Notes the namespaces of a process and holds them: the kernel gives the number of one that is gone to the next that is made, of another sandbox perhaps.</summary>
    private static void Hold(int pid, HashSet<string> own, Dictionary<string, SafeFileHandle> namespaces)
    {
        foreach (var kind in Kinds)
        {
            try
            {
                var path = $"/proc/{Text(pid)}/ns/{kind}";
                var handle = File.OpenHandle(path);
                // By the handle and not by the path, which may be another's by now.
                var name = File.ResolveLinkTarget($"/proc/self/fd/{handle.DangerousGetHandle()}", returnFinalTarget: false)?.Name;
                if (name is null || own.Contains(name) || !namespaces.TryAdd(name, handle))
                    handle.Dispose();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It ended meanwhile.
            }
        }
    }

    private static IEnumerable<string> NamespacesOf(string process)
    {
        foreach (var kind in Kinds)
        {
            string? name = null;
            try
            {
                name = File.ResolveLinkTarget($"/proc/{process}/ns/{kind}", returnFinalTarget: false)?.Name;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It ended meanwhile.
            }

            if (name is not null)
                yield return name;
        }
    }

    private static string Text(int pid) => pid.ToString(CultureInfo.InvariantCulture);

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
