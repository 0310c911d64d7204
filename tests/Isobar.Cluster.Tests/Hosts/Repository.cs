using System.Reflection;

namespace Isobar.Cluster.Tests.Hosts;

/// <summary>Where the sources and the published programs lie; the cluster tests run what users install, not what the test runner loads.</summary>
internal static class Repository
{
    public static string Root { get; } = typeof(Repository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .First(attribute => attribute.Key == "RepositoryRoot").Value!;

    public static string Cli => Published("bin/isobar");

    public static string Daemon => Published("sbin/isobard");

    public static string Programs => Path.Combine(Root, "tests", "programs");

    private static string Published(string path)
    {
        var full = Path.Combine(Root, "out", path);
        return File.Exists(full) ? full : throw new InvalidOperationException($"{full} is missing: run 'make build' before these tests.");
    }
}
