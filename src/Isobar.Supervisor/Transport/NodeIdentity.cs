using Isobar.Protocol.Security;

namespace Isobar.Supervisor.Transport;

/// <summary>The node's keys, read again only when their files have changed: a supervisor serves one job after the other with them, and TLS keeps what it has made of them.</summary>
internal static class NodeIdentity
{
    private static readonly Lock Gate = new();
    private static (string Folder, DateTime Written, ClusterIdentity Identity)? _last;

    /// <summary>Never disposed: connections of a job that has just ended may still use it.</summary>
    /// <exception cref="Isobar.Protocol.Cluster.ClusterException">A file is missing, unreadable or damaged.</exception>
    public static ClusterIdentity In(string folder)
    {
        var written = new[] { ClusterIdentity.AuthorityFile, ClusterIdentity.CertificateFile, ClusterIdentity.KeyFile }
            .Max(name => File.GetLastWriteTimeUtc(Path.Combine(folder, name)));
        lock (Gate)
        {
            if (_last is { } last && last.Folder == folder && last.Written == written)
                return last.Identity;
            var identity = ClusterIdentity.Load(folder);
            _last = (folder, written, identity);
            return identity;
        }
    }
}
