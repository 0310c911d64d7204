namespace Isobar.Simulation.Networks;

/// <summary>Who is near whom: nodes in clusters of consecutive numbers, the clusters joined into a grid by a slower network.</summary>
public sealed record Topology
{
    /// <summary>Nodes per cluster; by default all in one.</summary>
    public int ClusterSize { get; init; } = int.MaxValue;

    /// <summary>One-way latency inside a cluster in seconds.</summary>
    public double Latency { get; init; } = 100e-6;

    /// <summary>One-way latency between clusters in seconds.</summary>
    public double GridLatency { get; init; } = 10e-3;

    /// <summary>Bandwidth of a node's link, each way, in bytes per second.</summary>
    public double NodeBandwidth { get; init; } = 1e9;

    /// <summary>Bandwidth of a cluster's link to the others, each way, in bytes per second.</summary>
    public double ClusterBandwidth { get; init; } = 1e9;

    /// <summary>Chance that a datagram is lost, 0 to 1. Bulk transfers and control calls are reliable.</summary>
    public double Loss { get; init; }

    public int ClusterOf(int node) => node / ClusterSize;

    public double LatencyBetween(int from, int to) => from == to ? 0 : ClusterOf(from) == ClusterOf(to) ? Latency : GridLatency;
}
