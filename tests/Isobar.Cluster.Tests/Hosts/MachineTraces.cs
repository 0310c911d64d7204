using System.Globalization;
using Isobar.Cli.Sandbox;

namespace Isobar.Cluster.Tests.Hosts;

/// <summary>What a sandbox is made of, noted while it is up and looked for when it is down.</summary>
internal sealed class MachineTraces
{
    private readonly HashSet<string> _namespaces = [];
    private readonly string _folder;
    private readonly IReadOnlyList<string> _groups;

    public MachineTraces(SandboxCluster sandbox)
    {
        _folder = sandbox.Place.Folder;
        _groups = [.. sandbox.Hosts.SelectMany(host => host.Groups)];
        var own = NamespacesOf("self").ToHashSet();
        foreach (var host in sandbox.Hosts)
            _namespaces.UnionWith(NamespacesOf(host.Pid.ToString(CultureInfo.InvariantCulture)).Where(name => !own.Contains(name)));
    }

    public int Namespaces => _namespaces.Count;

    /// <summary>One line for each thing that is still there.</summary>
    public IReadOnlyList<string> Left()
    {
        var left = new List<string>();
        if (Directory.Exists(_folder))
            left.Add($"folder {_folder}");
        left.AddRange(_groups.Where(Directory.Exists).Select(group => $"control group {group}"));
        left.AddRange(File.ReadLines("/proc/self/mountinfo").Where(line => line.Contains(_folder, StringComparison.Ordinal)).Select(line => $"mount {line}"));
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(folder => char.IsAsciiDigit(Path.GetFileName(folder)[0])))
        {
            if (NamespacesOf(Path.GetFileName(folder)).Any(_namespaces.Contains))
                left.Add($"process {Path.GetFileName(folder)} in a namespace of the sandbox: {CommandOf(folder)}");
        }

        return left;
    }

    private static string CommandOf(string folder)
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, "cmdline")).Replace('\0', ' ');
        }
        catch (IOException)
        {
            return "?";
        }
    }

    private static IEnumerable<string> NamespacesOf(string process)
    {
        foreach (var kind in (string[])["net", "mnt", "pid", "uts", "ipc"])
        {
            string? target;
            try
            {
                target = File.ResolveLinkTarget($"/proc/{process}/ns/{kind}", returnFinalTarget: false)?.ToString();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                continue;
            }

            if (target is not null)
                yield return Path.GetFileName(target);
        }
    }
}
