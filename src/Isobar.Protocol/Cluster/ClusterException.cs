namespace Isobar.Protocol.Cluster;

/// <summary>Something about the cluster (create, join, roster, certificates) cannot be done; the message says why and what to do.</summary>
public sealed class ClusterException : IsobarException
{
    public ClusterException(string message) : base(message) { }

    public ClusterException(string message, Exception? inner) : base(message, inner) { }
}
