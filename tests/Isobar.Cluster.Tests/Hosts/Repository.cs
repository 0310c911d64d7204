using System.Reflection;
using Isobar.Cli.Sandbox;

namespace Isobar.Cluster.Tests.Hosts;

/// <summary>Where the sources and the published programs lie; the cluster tests run what users install, not what the test runner loads.</summary>
internal static class Repository
{
    /// <summary>Names another folder with bin/isobar, sbin/isobard and lib/isobar/isobar-supervisor than <c>out</c>; for trying a quick build.</summary>
    private const string ProgramsVariable = "ISOBAR_TEST_PROGRAMS";

    public static string Root { get; } = Metadata("RepositoryRoot");

    public static string Cli { get; } = Published("bin/isobar");

    public static SandboxPrograms Daemons { get; } = SandboxPrograms.Beside(Cli);

    /// <summary>The sources of the programs that the tests move.</summary>
    public static string Programs { get; } = Path.Combine(Root, "tests", "programs");

    public static string DotnetProgram { get; } = Metadata("DotnetProgram");

    private static string Metadata(string key) =>
        typeof(Repository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(attribute => attribute.Key == key).Value!;

    private static string Published(string path)
    {
        var full = Path.Combine(Environment.GetEnvironmentVariable(ProgramsVariable) ?? Path.Combine(Root, "out"), path);
        return File.Exists(full) ? full : throw new InvalidOperationException($"{full} is missing: run 'make build' before these tests.");
    }
}
