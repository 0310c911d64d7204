using System.Globalization;
using Isobar.Linux.Load;

namespace Isobar.Linux.Weights;

/// <summary>The control group of all guests of a machine, version 1 or 2, in which everything weighs next to nothing.</summary>
internal sealed class GuestGroup
{
    public const string Name = "isobar-guests";

    private const string Members = "cgroup.procs";
    private const string LeastShares = "2";
    private const string LeastWeight = "1";

    private readonly string _folder;
    private readonly string _outside;

    private GuestGroup(string folder, string outside, string how) => (_folder, _outside, How) = (folder, outside, how);

    public string How { get; }

    /// <summary>Makes the group if it is not there; null where that cannot be (no control groups, read-only, or a container whose group may have no children).</summary>
    public static GuestGroup? TryCreate()
    {
        try
        {
            var places = CgroupHierarchies.Parse(File.ReadAllText("/proc/self/cgroup"), File.ReadAllText("/proc/self/mountinfo"));
            // Inside of a container its own group is the machine: guests must not slip out of its limits.
            var isNested = RunnableTasks.IsNestedNamespace();
            if (places.Of("cpu") is { } legacy)
                return Create(isNested ? legacy.Folder : legacy.Mount, legacy.Folder, isUnified: false);
            // In version 2 a group with processes of its own can have no children with a weight.
            return places.Unified is { } unified && !isNested ? Create(unified.Mount, unified.Folder, isUnified: true) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public bool TryEnter(int process) => TryWrite(Path.Combine(_folder, Members), process);

    public bool TryLeave(int process) => TryWrite(Path.Combine(_outside, Members), process);

    private static GuestGroup? Create(string top, string own, bool isUnified)
    {
        if (isUnified && !File.ReadAllText(Path.Combine(top, "cgroup.subtree_control")).Split([' ', '\n']).Contains("cpu"))
            File.WriteAllText(Path.Combine(top, "cgroup.subtree_control"), "+cpu");
        var folder = Path.Combine(top, Name);
        Directory.CreateDirectory(folder);
        // Idle (Linux 5.15) is lighter than the least weight, and steps back at once when anything else wakes up.
        if (File.Exists(Path.Combine(folder, "cpu.idle")))
        {
            File.WriteAllText(Path.Combine(folder, "cpu.idle"), "1");
            return new GuestGroup(folder, own, $"control group {folder}, idle");
        }

        File.WriteAllText(Path.Combine(folder, isUnified ? "cpu.weight" : "cpu.shares"), isUnified ? LeastWeight : LeastShares);
        return new GuestGroup(folder, own, $"control group {folder}, least weight");
    }

    private static bool TryWrite(string file, int process)
    {
        try
        {
            File.WriteAllText(file, process.ToString(CultureInfo.InvariantCulture));
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has just ended.
            return false;
        }
    }
}
