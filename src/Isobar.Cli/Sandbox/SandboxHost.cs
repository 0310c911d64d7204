using System.Globalization;

namespace Isobar.Cli.Sandbox;

/// <summary>One host of a sandbox.</summary>
/// <param name="Name">Its host name.</param>
/// <param name="Address">Its IPv4 address on the sandbox's own network.</param>
/// <param name="Pid">Its first process, as the machine numbers it.</param>
/// <param name="Started">When that process started, in clock ticks since boot (proc(5), field 22): tells it from a later one with the same number.</param>
/// <param name="Link">The name of its end of the link, in the namespace that holds the bridge.</param>
/// <param name="Groups">The cgroup folders that its processes belong to.</param>
public sealed record SandboxHost(string Name, string Address, int Pid, ulong Started, string Link, IReadOnlyList<string> Groups)
{
    /// <summary>The command line that runs a command in this host, in the given directory if the host has it.</summary>
    public IReadOnlyList<string> CommandLine(IReadOnlyList<string> command, string? directory = null)
    {
        const string Enter = "for group in $1; do echo 0 > \"$group/cgroup.procs\"; done; cd \"$2\" 2> /dev/null || cd /; shift 2; exec \"$@\"";
        // --root and --wd without a value take those of the host's first process, opened after its namespaces were entered.
        return
        [
            "nsenter", "--target", Pid.ToString(CultureInfo.InvariantCulture), "--mount", "--uts", "--ipc", "--net", "--pid", "--root", "--wd", "--",
            "/bin/sh", "-c", Enter, "isobar-sandbox", string.Join(' ', Groups), directory ?? "/", .. command,
        ];
    }
}
