using System.Globalization;
using Isobar.Cluster.Tests.Cluster;

namespace Isobar.Cluster.Tests.Balancing;

/// <summary>Three machines of different size: quotas make alpha the smallest and gamma the largest.</summary>
public sealed class UnequalCluster : IsobarCluster, IAsyncLifetime
{
    public const double All = 1.2;

    private const int PeriodMicroseconds = 20_000;
    private static readonly Dictionary<string, double> Sizes = new() { ["alpha"] = 0.2, ["beta"] = 0.4, ["gamma"] = 0.6 };

    public new async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        foreach (var (host, cores) in Sizes)
            Limit(host, cores);
    }

    /// <summary>The size of a machine from now on, in cores.</summary>
    internal void Limit(string host, double cores)
    {
        var quota = ((int)(cores * PeriodMicroseconds)).ToString(CultureInfo.InvariantCulture);
        var period = PeriodMicroseconds.ToString(CultureInfo.InvariantCulture);
        foreach (var group in Sandbox.Host(host).Groups)
        {
            if (File.Exists(Path.Combine(group, "cpu.max")))
                File.WriteAllText(Path.Combine(group, "cpu.max"), $"{quota} {period}");
            if (!File.Exists(Path.Combine(group, "cpu.cfs_quota_us")))
                continue;
            File.WriteAllText(Path.Combine(group, "cpu.cfs_period_us"), period);
            File.WriteAllText(Path.Combine(group, "cpu.cfs_quota_us"), quota);
        }
    }
}
