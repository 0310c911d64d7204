namespace Isobar.Cli.Doctor.Checks;

/// <summary>The programs of other packages that Isobar starts.</summary>
internal static class ProgramChecks
{
    private static readonly (string Program, string Package, string Need, bool IsFatal)[] Needed =
    [
        ("dumb-init", "dumb-init", "it is the first process of every job", true),
        ("etcd", "etcd-server", "it keeps the roster of the cluster", true),
        ("tar", "tar", "CRIU packs a job's memory file systems with it", true),
        ("ip", "iproute2", "jobs and sandbox hosts get their networks by it", false),
        ("nft", "nftables", "it holds back a job's connections while it moves", false),
        ("unshare", "util-linux", "the sandbox makes its hosts with it", false),
    ];

    public static IEnumerable<Finding> Run(string searchPath)
    {
        // As a service does: what an administrator has installed is not always on a user's PATH.
        var folders = searchPath.Split(':', StringSplitOptions.RemoveEmptyEntries).Concat(["/usr/local/sbin", "/usr/sbin", "/sbin"]).ToList();
        foreach (var (program, package, need, isFatal) in Needed)
        {
            var found = folders.Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
            if (found is not null)
                yield return Finding.Good(program, $"{found}.");
            else
                yield return new Finding(program, isFatal ? Verdict.Problem : Verdict.Warning, $"It is missing ({need}): install the package {package}, or run 'make setup'.");
        }
    }
}
