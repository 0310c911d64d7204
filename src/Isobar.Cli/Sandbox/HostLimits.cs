using System.Globalization;

namespace Isobar.Cli.Sandbox;

/// <summary>How much of the machine one host may use; null is all of it.</summary>
/// <param name="Cores">CPU time per wall clock time, e.g. 0.5; at least 0.01.</param>
/// <param name="MemoryBytes">Memory, page cache included, in bytes.</param>
public sealed record HostLimits(double? Cores = null, long? MemoryBytes = null);

/// <summary>The control groups of a host: it always has some of its own, so that its load can be told from that of the others.</summary>
/// <remarks>/proc/loadavg and /proc/stat belong to the machine in every namespace; cpuacct.usage and cpu.stat are the host's.</remarks>
internal static class HostGroups
{
    private const string Mount = "/sys/fs/cgroup";
    // Not shorter: what a host does not get of a period, since others have the CPU, is lost, and a host of 0.6 cores on a busy machine becomes one of 0.3.
    private const int PeriodMicroseconds = 20_000;
    private const string CpuSets = "cpuset";
    private static readonly string[] Controllers = ["cpu", "cpuacct", "memory", "pids"];

    private static bool IsUnified => File.Exists(Path.Combine(Mount, "cgroup.controllers"));

    public static string NameOf(SandboxPlace place, string host) => $"isobar-sandbox-{place.Tag}-{host}";

    /// <summary>Makes the host's groups; an empty list when the machine has no writable control groups and no limit was asked for.</summary>
    /// <param name="place">The sandbox.</param>
    /// <param name="host">The host's name.</param>
    /// <param name="limits">Its size.</param>
    /// <param name="cpus">The CPUs that it runs on, as the kernel writes lists; null = all.</param>
    public static IReadOnlyList<string> Create(SandboxPlace place, string host, HostLimits limits, string? cpus)
    {
        try
        {
            return IsUnified ? CreateUnified(NameOf(place, host), limits, cpus) : CreateLegacy(NameOf(place, host), limits, cpus);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (limits == new HostLimits())
                return [];
            throw new SandboxException($"the control groups of this machine do not take the limits of host {host} ({e.Message}): leave out --cores and --memory.", e);
        }
    }

    /// <summary>Removes all groups of a sandbox, whatever its state file says.</summary>
    public static async Task RemoveAllAsync(SandboxPlace place, CancellationToken cancellation)
    {
        if (!Directory.Exists(Mount))
            return;
        string[] roots = [Mount, .. Controllers.Append(CpuSets).Select(controller => Path.Combine(Mount, controller))];
        foreach (var root in roots.Where(Directory.Exists))
        {
            foreach (var group in Directory.GetDirectories(root, NameOf(place, "*")))
            {
                // A killed process leaves its group a moment later than /proc.
                for (var attempt = 0; attempt < 100 && Directory.Exists(group); attempt++)
                {
                    try
                    {
                        foreach (var inner in Directory.GetDirectories(group, "*", SearchOption.AllDirectories).OrderByDescending(path => path.Length))
                            Directory.Delete(inner);
                        Directory.Delete(group);
                    }
                    catch (IOException)
                    {
                        await Task.Delay(20, cancellation).ConfigureAwait(false);
                    }
                }
            }
        }
    }

    private static List<string> CreateUnified(string name, HostLimits limits, string? cpus)
    {
        File.WriteAllText(Path.Combine(Mount, "cgroup.subtree_control"), cpus is null ? "+cpu +memory +pids" : "+cpu +memory +pids +cpuset");
        var group = Path.Combine(Mount, name);
        Directory.CreateDirectory(group);
        if (cpus is not null)
            File.WriteAllText(Path.Combine(group, "cpuset.cpus"), cpus);
        if (limits.Cores is { } cores)
            File.WriteAllText(Path.Combine(group, "cpu.max"), string.Create(CultureInfo.InvariantCulture, $"{Quota(cores)} {PeriodMicroseconds}"));
        if (limits.MemoryBytes is { } bytes)
            File.WriteAllText(Path.Combine(group, "memory.max"), bytes.ToString(CultureInfo.InvariantCulture));
        return [group];
    }

    private static List<string> CreateLegacy(string name, HostLimits limits, string? cpus)
    {
        var groups = new List<string>();
        foreach (var controller in Controllers)
        {
            var root = Path.Combine(Mount, controller);
            if (!Directory.Exists(root))
                continue;
            var group = Path.Combine(root, name);
            Directory.CreateDirectory(group);
            groups.Add(group);
        }

        if (cpus is not null && Directory.Exists(Path.Combine(Mount, CpuSets)))
        {
            var group = Path.Combine(Mount, CpuSets, name);
            Directory.CreateDirectory(group);
            // Nothing may run in a group before it has both.
            File.WriteAllText(Path.Combine(group, "cpuset.mems"), File.ReadAllText(Path.Combine(Mount, CpuSets, "cpuset.mems")));
            File.WriteAllText(Path.Combine(group, "cpuset.cpus"), cpus);
            groups.Add(group);
        }

        if (limits.Cores is { } cores)
        {
            File.WriteAllText($"{Mount}/cpu/{name}/cpu.cfs_period_us", PeriodMicroseconds.ToString(CultureInfo.InvariantCulture));
            File.WriteAllText($"{Mount}/cpu/{name}/cpu.cfs_quota_us", Quota(cores).ToString(CultureInfo.InvariantCulture));
        }

        if (limits.MemoryBytes is { } bytes)
            File.WriteAllText($"{Mount}/memory/{name}/memory.limit_in_bytes", bytes.ToString(CultureInfo.InvariantCulture));
        return groups;
    }

    // The kernel refuses a quota below a millisecond (kernel/sched/core.c, min_cfs_quota_period).
    private static long Quota(double cores) => Math.Max(1000, (long)Math.Round(cores * PeriodMicroseconds));
}
