using System.Text;
using Isobar.Linux.Kernel;

namespace Isobar.Linux.Load;

/// <summary>
/// What the control groups of this process allow and count, version 1 or 2: a machine that is a container or a service with a quota is as large as its quota,
/// whatever the hardware is. The tightest limit between the own group and the root of its hierarchy counts.
/// </summary>
public sealed class ControlGroup : IDisposable
{
    private readonly string[] _cpuFolders;
    private readonly string[] _memoryFolders;
    private readonly bool _isUnified;
    private readonly KernelFileReader? _cpuUse;
    private readonly KernelFileReader? _memoryUse;
    private readonly KernelFileReader? _memoryDetails;
    private readonly byte[] _buffer = new byte[8192];

    /// <param name="membership">The text of /proc/self/cgroup.</param>
    /// <param name="mounts">The text of /proc/self/mountinfo.</param>
    public ControlGroup(string membership, string mounts)
    {
        var hierarchies = CgroupHierarchies.Parse(membership, mounts);
        var (cpu, memory) = (hierarchies.Of("cpu"), hierarchies.Of("memory"));
        _isUnified = cpu is null && hierarchies.Unified is not null;
        _cpuFolders = FoldersUp(_isUnified ? hierarchies.Unified : cpu);
        _memoryFolders = FoldersUp(_isUnified ? hierarchies.Unified : memory);
        var accounting = _isUnified ? hierarchies.Unified : hierarchies.Of("cpuacct");
        if (accounting is { } place)
            _cpuUse = new KernelFileReader(Path.Combine(place.Folder, _isUnified ? "cpu.stat" : "cpuacct.usage"));
        if (TightestMemory() is var (folder, limit))
        {
            MemoryLimit = limit;
            _memoryUse = new KernelFileReader(Path.Combine(folder, _isUnified ? "memory.current" : "memory.usage_in_bytes"));
            _memoryDetails = new KernelFileReader(Path.Combine(folder, "memory.stat"));
        }
    }

    /// <summary>Of this process.</summary>
    public static ControlGroup OfSelf()
    {
        var membership = File.Exists("/proc/self/cgroup") ? File.ReadAllText("/proc/self/cgroup") : "";
        return new ControlGroup(membership, File.ReadAllText("/proc/self/mountinfo"));
    }

    /// <summary>Bytes of the tightest memory limit; null = none.</summary>
    public long? MemoryLimit { get; }

    /// <summary>CPU seconds per second that the quota gives; null = no quota. Read anew, since an administrator may change it.</summary>
    public double? CpuQuota()
    {
        double? tightest = null;
        foreach (var folder in _cpuFolders)
        {
            if (QuotaIn(folder) is { } quota && (tightest is null || quota < tightest))
                tightest = quota;
        }

        return tightest;
    }

    /// <summary>CPU seconds that the group has used so far; null where they are not counted.</summary>
    public double? CpuSeconds()
    {
        if (_cpuUse is not { IsThere: true } file)
            return null;
        var text = file.Read(_buffer);
        return _isUnified ? KernelText.Number(text, "usage_usec"u8) / 1e6 : KernelText.First(text) / 1e9;
    }

    /// <summary>Bytes of the limited group that cannot be had back by dropping caches; null without a limit.</summary>
    public long? MemoryUsed()
    {
        if (_memoryUse is null || _memoryDetails is null || KernelText.First(_memoryUse.Read(_buffer)) is not { } used)
            return null;
        var details = _memoryDetails.Read(_buffer);
        var caches = KernelText.Number(details, _isUnified ? "inactive_file"u8 : "total_inactive_file"u8) ?? 0;
        return Math.Max(0, used - caches);
    }

    public void Dispose()
    {
        _cpuUse?.Dispose();
        _memoryUse?.Dispose();
        _memoryDetails?.Dispose();
    }

    private double? QuotaIn(string folder)
    {
        if (!_isUnified)
            return Number(Path.Combine(folder, "cpu.cfs_quota_us")) is > 0 and var quota && Number(Path.Combine(folder, "cpu.cfs_period_us")) is > 0 and var period ? (double)quota / period : null;
        if (KernelFile.TryRead(Path.Combine(folder, "cpu.max"), _buffer) is not { } length)
            return null;
        ReadOnlySpan<byte> text = _buffer.AsSpan(0, length);
        var first = KernelText.NextWord(ref text);
        return KernelText.First(first) is { } allowed && KernelText.First(text) is > 0 and var each ? (double)allowed / each : null;
    }

    private (string Folder, long Limit)? TightestMemory()
    {
        (string Folder, long Limit)? tightest = null;
        foreach (var folder in _memoryFolders)
        {
            // Version 1 has no word for "no limit": it is the largest page-aligned number.
            if (Number(Path.Combine(folder, _isUnified ? "memory.max" : "memory.limit_in_bytes")) is { } limit and < 1L << 60 && (tightest is null || limit < tightest.Value.Limit))
                tightest = (folder, limit);
        }

        return tightest;
    }

    private long? Number(string path) => KernelFile.TryRead(path, _buffer) is { } length ? KernelText.First(_buffer.AsSpan(0, length)) : null;

    private static string[] FoldersUp(CgroupPlace? place)
    {
        if (place is not { } own)
            return [];
        var folders = new List<string>();
        var folder = own.Folder;
        while (folder.Length >= own.Mount.Length)
        {
            folders.Add(folder);
            if (folder == own.Mount)
                break;
            folder = Path.GetDirectoryName(folder) ?? own.Mount;
        }

        return [.. folders];
    }
}

/// <summary>Where a group lies in the file system.</summary>
internal readonly record struct CgroupPlace(string Mount, string Folder);

/// <summary>The control group hierarchies of a process: what /proc/self/cgroup says, found in the mount table.</summary>
internal sealed class CgroupHierarchies
{
    private readonly Dictionary<string, CgroupPlace> _byController = [];

    public CgroupPlace? Unified { get; private init; }

    public CgroupPlace? Of(string controller) => _byController.TryGetValue(controller, out var place) ? place : null;

    public static CgroupHierarchies Parse(string membership, string mounts)
    {
        var legacy = new Dictionary<string, (string Root, string Point)>();
        (string Root, string Point)? unified = null;
        foreach (var line in mounts.Split('\n'))
        {
            // 36 35 98:0 /root /mount options optional... - type source superoptions (proc(5))
            var fields = line.Split(' ');
            var separator = fields.Length > 6 ? Array.IndexOf(fields, "-", 6) : -1;
            if (separator < 0 || separator + 3 >= fields.Length)
                continue;
            if (fields[separator + 1] == "cgroup2")
                unified ??= (fields[3], fields[4]);
            else if (fields[separator + 1] == "cgroup")
            {
                foreach (var controller in fields[separator + 3].Split(','))
                    legacy.TryAdd(controller, (fields[3], fields[4]));
            }
        }

        CgroupPlace? own = null;
        var result = new Dictionary<string, CgroupPlace>();
        foreach (var line in membership.Split('\n'))
        {
            // 4:memory:/group, and for version 2 0::/group (cgroups(7)). The group's name may have a colon.
            var parts = line.Split(':', 3);
            if (parts.Length < 3)
                continue;
            if (parts[1].Length == 0 && unified is { } two)
                own = PlaceOf(two, parts[2]);
            foreach (var controller in parts[1].Split(','))
            {
                if (legacy.TryGetValue(controller, out var mount))
                    result[controller] = PlaceOf(mount, parts[2]);
            }
        }

        var hierarchies = new CgroupHierarchies { Unified = own };
        foreach (var (controller, place) in result)
            hierarchies._byController[controller] = place;
        return hierarchies;
    }

    // A mount may show a part of the hierarchy only: then its root is cut off the group's path.
    private static CgroupPlace PlaceOf((string Root, string Point) mount, string group)
    {
        var below = mount.Root != "/" && group.StartsWith(mount.Root, StringComparison.Ordinal) ? group[mount.Root.Length..] : group;
        var folder = Unescaped(mount.Point) + (below is "/" or "" ? "" : below);
        return new CgroupPlace(Unescaped(mount.Point), Directory.Exists(folder) ? folder : Unescaped(mount.Point));
    }

    private static string Unescaped(string path) => path.Contains('\\', StringComparison.Ordinal) ? new StringBuilder(path).Replace(@"\040", " ").ToString() : path;
}
