using Isobar.Cli.Sandbox;
using Isobar.Cluster.Tests.Cluster;

namespace Isobar.Cluster.Tests.Balancing;

/// <summary>Three machines of half a gigabyte each.</summary>
public sealed class SmallMemoryCluster : IsobarCluster
{
    public const long Bytes = 512L << 20;

    internal override HostLimits Limits => new(MemoryBytes: Bytes);
}
