using System.Text;

namespace Isobar.Linux.Mounts;

/// <summary>One line of /proc/self/mountinfo.</summary>
public sealed record MountEntry(string Root, string MountPoint, string Type, string Source);

/// <summary>What is mounted in this process's mount namespace.</summary>
public static class MountTable
{
    // Windows to the kernel of the machine, or of a moment: a job gets those of the machine where it runs.
    private static readonly HashSet<string> KernelTypes =
    [
        "proc", "sysfs", "devtmpfs", "devpts", "cgroup", "cgroup2", "mqueue", "hugetlbfs", "debugfs", "tracefs", "securityfs", "pstore", "bpf",
        "configfs", "fusectl", "autofs", "nsfs", "binfmt_misc", "rpc_pipefs", "efivarfs", "selinuxfs", "ramfs",
    ];

    public static IReadOnlyList<MountEntry> Read() => Parse(File.ReadAllLines("/proc/self/mountinfo"));

    public static IReadOnlyList<MountEntry> Parse(IEnumerable<string> lines)
    {
        var entries = new List<MountEntry>();
        foreach (var line in lines)
        {
            // 36 35 98:0 /root /mount options optional... - type source superoptions (proc(5))
            var fields = line.Split(' ');
            var separator = Array.IndexOf(fields, "-", 6);
            if (separator > 0 && separator + 2 < fields.Length)
                entries.Add(new MountEntry(Unescape(fields[3]), Unescape(fields[4]), fields[separator + 1], Unescape(fields[separator + 2])));
        }

        return entries;
    }

    /// <summary>
    /// The mount points of file systems with the user's files below the root, parents first: what a bind of the root alone would not show.
    /// </summary>
    /// <param name="entries">The mount table, in its order.</param>
    /// <param name="except">A folder whose mounts are our own.</param>
    public static IReadOnlyList<string> HomeFileSystems(IReadOnlyList<MountEntry> entries, string except)
    {
        var points = new List<string>();
        foreach (var entry in entries)
        {
            var point = entry.MountPoint;
            if (point == "/" || Below(point, "/proc") || Below(point, "/sys") || Below(point, "/dev") || Below(point, except) || KernelTypes.Contains(entry.Type))
                continue;
            // A later mount on the same place hides the earlier one, and what was below it.
            points.RemoveAll(earlier => Below(earlier, point));
            if (Directory.Exists(point))
                points.Add(point);
        }

        points.Sort(StringComparer.Ordinal);
        return points;
    }

    /// <summary>The type of the file system that holds a path: that of the deepest mount point above it.</summary>
    public static string TypeAt(string path, IReadOnlyList<MountEntry> entries)
    {
        var best = "";
        var type = "";
        foreach (var entry in entries)
        {
            if (Below(path, entry.MountPoint) && entry.MountPoint.Length >= best.Length)
                (best, type) = (entry.MountPoint, entry.Type);
        }

        return type;
    }

    private static bool Below(string path, string parent) =>
        parent == "/" || path == parent || (path.StartsWith(parent, StringComparison.Ordinal) && path[parent.Length] == '/');

    private static string Unescape(string field)
    {
        if (!field.Contains('\\', StringComparison.Ordinal))
            return field;
        var text = new StringBuilder();
        for (var i = 0; i < field.Length; i++)
        {
            if (field[i] == '\\' && i + 3 < field.Length && IsOctal(field.AsSpan(i + 1, 3)))
            {
                text.Append((char)(((field[i + 1] - '0') * 64) + ((field[i + 2] - '0') * 8) + field[i + 3] - '0'));
                i += 3;
            }
            else
            {
                text.Append(field[i]);
            }
        }

        return text.ToString();
    }

    private static bool IsOctal(ReadOnlySpan<char> digits) => !digits.ContainsAnyExceptInRange('0', '7');
}
