namespace Isobar.Cli.Sandbox;

/// <summary>The programs that the hosts of a sandbox run, by their paths on the machine.</summary>
/// <param name="Command">isobar.</param>
/// <param name="Daemon">isobard.</param>
public sealed record SandboxPrograms(string Command, string Daemon)
{
    // What a host has of its own there hides what the machine has.
    private static readonly string[] Hidden = ["/tmp/", "/run/", "/dev/", "/proc/", "/sys/", "/var/lib/isobar/"];

    /// <summary>The daemon that was installed or built together with this command.</summary>
    /// <exception cref="SandboxException">There is none, or hosts would not see it.</exception>
    public static SandboxPrograms Beside(string command)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(command))!;
        string[] places = [Path.Combine(folder, "isobard"), Path.GetFullPath(Path.Combine(folder, "../sbin/isobard")), "/usr/local/sbin/isobard", "/usr/sbin/isobard"];
        var daemon = places.FirstOrDefault(File.Exists)
            ?? throw new SandboxException("isobard is not there: run 'make build' or 'make install', or make hosts without daemons with --bare.");
        return new SandboxPrograms(Path.GetFullPath(command), daemon).Checked();
    }

    private SandboxPrograms Checked()
    {
        foreach (var path in (string[])[Command, Daemon])
        {
            if (Hidden.FirstOrDefault(hidden => path.StartsWith(hidden, StringComparison.Ordinal)) is { } hidden)
                throw new SandboxException($"{path} is not seen by hosts, which have a {hidden} of their own: put it elsewhere.");
        }

        return this;
    }
}
