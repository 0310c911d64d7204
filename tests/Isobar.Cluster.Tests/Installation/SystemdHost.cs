using System.Globalization;
using Isobar.Cli.Sandbox;
using Isobar.Cluster.Tests.Hosts;

namespace Isobar.Cluster.Tests.Installation;

/// <summary>
/// A host whose first process is systemd. It gets control groups of its own without controllers, so that nothing of the machine's is touched, and starts no
/// service that the machine has installed.
/// </summary>
public sealed class SystemdHost : IAsyncLifetime
{
    private const string Boot = """
        set -e
        group=$1
        if [ -f /sys/fs/cgroup/cgroup.controllers ]; then trees=/sys/fs/cgroup; else trees="/sys/fs/cgroup/systemd /sys/fs/cgroup/unified"; fi
        for tree in $trees; do
            mkdir -p $tree/$group
            echo $$ > $tree/$group/cgroup.procs
        done
        exec unshare --fork --pid --mount --cgroup --mount-proc sh -ec '
            if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
                mount -t cgroup2 none /sys/fs/cgroup
            else
                mount -t tmpfs none /sys/fs/cgroup
                mkdir /sys/fs/cgroup/systemd /sys/fs/cgroup/unified
                mount -t cgroup -o none,name=systemd none /sys/fs/cgroup/systemd
                mount -t cgroup2 none /sys/fs/cgroup/unified
            fi
            exec env -i container=sandbox PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --system --unit=basic.target'
        """;

    private readonly string _group = string.Create(CultureInfo.InvariantCulture, $"isobar-tests-{Environment.ProcessId}");
    private SandboxCluster? _sandbox;
    private HostProcess? _machine;
    private int _systemd;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private SandboxHost Host => _sandbox!.Host("alpha");

    public async ValueTask InitializeAsync()
    {
        _sandbox = await TestSandbox.UpAsync(1);
        _machine = new HostProcess(Host, ["sh", "-c", Boot, "boot", _group], "/");
        await Waiting.ForAsync(
            async () =>
            {
                var found = await _sandbox.RunAsync("alpha", ["pgrep", "-f", "^/lib/systemd/systemd --system"], null, Cancellation);
                _systemd = int.TryParse(found.Output.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : 0;
                return _systemd > 0 && (await TryAsync("systemctl is-system-running")).Output.Trim() is "running" or "degraded";
            },
            () => $"systemd to be up: {_machine.OutputSoFar}{_machine.ErrorSoFar}",
            Cancellation);
    }

    /// <summary>Runs a shell command beside systemd, whatever its end.</summary>
    internal async Task<HostResult> TryAsync(string command)
    {
        string[] enter = ["nsenter", "--all", "--target", _systemd.ToString(CultureInfo.InvariantCulture)];
        await using var process = new HostProcess(Host, [.. enter, "sh", "-c", $"PATH=/usr/local/bin:$PATH; {command}"], "/");
        return await process.EndAsync(Cancellation);
    }

    /// <summary>Runs a shell command beside systemd; fails the test when it fails.</summary>
    internal async Task<string> ShAsync(string command)
    {
        var result = await TryAsync(command);
        Assert.True(result.ExitCode == 0, $"{command}: {result.ExitCode} {result.Output}{result.Error}\n{(await TryAsync("journalctl -u isobard --no-pager | tail -n 20")).Output}");
        return result.Output;
    }

    public async ValueTask DisposeAsync()
    {
        if (_machine is not null)
            await _machine.DisposeAsync();
        if (_sandbox is not null)
            await SandboxCluster.DownAsync(_sandbox.Place, CancellationToken.None);
        foreach (var tree in (string[])["/sys/fs/cgroup", "/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified"])
            RemoveGroups(Path.Combine(tree, _group));
    }

    // Deepest first; the files in there are the kernel's.
    private static void RemoveGroups(string group)
    {
        if (!Directory.Exists(group))
            return;
        foreach (var inner in Directory.GetDirectories(group))
            RemoveGroups(inner);
        Directory.Delete(group);
    }
}
