using Isobar.Cli.Sandbox;

namespace Isobar.Cluster.Tests.Hosts;

/// <summary>What a job could leave on the hosts of a sandbox: processes, namespaces, mounts, sockets, entries of the run folder, shared memory.</summary>
internal sealed class HostTraces
{
    // A store may start or end with the membership, which has nothing to do with jobs, and supervisors without a job wait for a next one (SupervisorReuseTests look at what they have left). No
    // pipe behind ps, which would sometimes see the other end's program and sometimes the shell that it is to become.
    private const string Look =
        "all=$(ps -eo comm=,args=); echo \"$all\" | grep -v 'isobar-supervisor idle' | cut -d' ' -f1 | grep -vx etcd | sort; cut -d' ' -f1-3 /proc/mounts; find /run/isobar/jobs /run/isobar/guests /dev/shm /tmp -mindepth 1;"
        + " lsns -rno TYPE,COMMAND | grep -v 'isobar-supervisor.*idle' | cut -d' ' -f1 | sort; awk '$8 ~ /jobs|guests/ { print \"socket\", $8 }' /proc/net/unix | sort -u";

    private readonly SandboxCluster _sandbox;
    private readonly Dictionary<string, string> _before;

    private HostTraces(SandboxCluster sandbox, Dictionary<string, string> before) => (_sandbox, _before) = (sandbox, before);

    public static async Task<HostTraces> NoteAsync(SandboxCluster sandbox) => new(sandbox, await OfAsync(sandbox));

    /// <summary>Waits until nothing is left that was not there before.</summary>
    public async Task AreGoneAsync()
    {
        var left = "";
        await Waiting.ForAsync(
            async () =>
            {
                var now = await OfAsync(_sandbox);
                left = string.Concat(now.Select(host => Added(host.Key, _before[host.Key], host.Value)));
                return left.Length == 0;
            },
            () => $"the hosts to be clean, but there are still:{left}",
            TestContext.Current.CancellationToken);
    }

    private static string Added(string host, string before, string now)
    {
        var lines = now.Split('\n').ToList();
        foreach (var line in before.Split('\n'))
            lines.Remove(line);
        return string.Concat(lines.Select(line => $"\n{host}: {line}"));
    }

    private static async Task<Dictionary<string, string>> OfAsync(SandboxCluster sandbox)
    {
        var seen = new Dictionary<string, string>();
        foreach (var host in sandbox.Hosts)
            seen[host.Name] = (await sandbox.RunAsync(host.Name, ["sh", "-c", Look], null, TestContext.Current.CancellationToken)).Output;
        return seen;
    }
}
