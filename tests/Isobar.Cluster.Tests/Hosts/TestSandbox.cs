using System.Globalization;
using Isobar.Cli.Sandbox;

namespace Isobar.Cluster.Tests.Hosts;

/// <summary>A sandbox for one test class, named after this process so that runs beside each other and a user's own do not meet.</summary>
internal static class TestSandbox
{
    private const string Prefix = "tests-";
    private static int _last;

    public static async Task<SandboxCluster> UpAsync(int hosts, HostLimits? limits = null)
    {
        await SweepAsync().ConfigureAwait(false);
        var place = SandboxPlace.Of(string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Environment.ProcessId}-{Interlocked.Increment(ref _last)}"));
        return await SandboxCluster.UpAsync(place, SandboxCluster.DefaultNames(hosts), limits ?? new HostLimits(), TestContext.Current.CancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes down what a test run left that was killed.</summary>
    private static async Task SweepAsync()
    {
        foreach (var place in SandboxPlace.All().Where(place => place.Name.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            if (!Directory.Exists($"/proc/{place.Name[Prefix.Length..].Split('-')[0]}"))
                await SandboxCluster.DownAsync(place, TestContext.Current.CancellationToken).ConfigureAwait(false);
        }
    }
}
