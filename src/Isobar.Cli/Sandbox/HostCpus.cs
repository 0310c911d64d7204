using System.Globalization;

namespace Isobar.Cli.Sandbox;

/// <summary>Which of the machine's CPUs a host of limited size runs on: as many as it has cores, so that one of half a core is a slow machine with one CPU.</summary>
/// <remarks>
/// A quota alone leaves it all CPUs. Busy on two at once it uses its time up in half of the time, and more than that, since the kernel looks only once a tick; then all of it stands still,
/// up to 40 ms for a host of 0.2 cores. Whatever takes many steps on several machines, as a move does, takes that long for each.
/// </remarks>
internal static class HostCpus
{
    private const string Online = "/sys/devices/system/cpu/online";

    /// <summary>The CPUs of each host, as the kernel writes lists; null = all of them.</summary>
    public static IReadOnlyList<string?> Of(IReadOnlyList<HostLimits> hosts) => Of(hosts, File.Exists(Online) ? Parse(File.ReadAllText(Online)) : []);

    internal static IReadOnlyList<string?> Of(IReadOnlyList<HostLimits> hosts, IReadOnlyList<int> cpus)
    {
        var booked = cpus.ToDictionary(cpu => cpu, _ => 0.0);
        var lists = new string?[hosts.Count];
        // The large ones first, each where least is taken already: so the sums get as even as they can without a search.
        foreach (var host in Enumerable.Range(0, hosts.Count).Where(i => hosts[i].Cores is not null).OrderByDescending(i => hosts[i].Cores))
        {
            var cores = hosts[host].Cores!.Value;
            var count = (int)Math.Ceiling(cores);
            if (count >= cpus.Count)
                continue;
            var own = cpus.OrderBy(cpu => booked[cpu]).Take(count).Order().ToList();
            foreach (var cpu in own)
                booked[cpu] += cores / count;
            lists[host] = string.Join(',', own);
        }

        return lists;
    }

    /// <summary>Reads a list as the kernel writes it: 0-3,8.</summary>
    internal static IReadOnlyList<int> Parse(string list)
    {
        var cpus = new List<int>();
        foreach (var part in list.Trim().Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var ends = part.Split('-');
            var (first, last) = (int.Parse(ends[0], CultureInfo.InvariantCulture), int.Parse(ends[^1], CultureInfo.InvariantCulture));
            cpus.AddRange(Enumerable.Range(first, last - first + 1));
        }

        return cpus;
    }
}
