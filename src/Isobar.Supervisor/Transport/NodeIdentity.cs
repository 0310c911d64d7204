using Isobar.Protocol.Security;

namespace Isobar.Supervisor.Transport;

/// <summary>The node's keys, read again only when their files have changed: a supervisor serves one job after the other with them, and TLS keeps what it has made of them.</summary>
internal static class NodeIdentity
{
    private static readonly Lock Gate = new();
    private static (string Folder, Times Written, ClusterIdentity Identity)? _last;

    /// <summary>Never disposed: connections of a job that has just ended may still use it.</summary>
    /// <exception cref="Isobar.Protocol.Cluster.ClusterException">A file is missing, unreadable or damaged.</exception>
    public static ClusterIdentity In(string folder)
    {
        var written = new Times(Of(ClusterIdentity.AuthorityFile), Of(ClusterIdentity.CertificateFile), Of(ClusterIdentity.KeyFile));
        lock (Gate)
        {
            if (_last is { } last && last.Folder == folder && last.Written == written)
                return last.Identity;
            var identity = ClusterIdentity.Load(folder);
            _last = (folder, written, identity);
            return identity;
        }

        DateTime Of(string file) => File.GetLastWriteTimeUtc(Path.Combine(folder, file));
    }

    /// <summary>Each one's: a file that is put back from a backup is older than the others.</summary>
    private readonly record struct Times(DateTime Authority, DateTime Certificate, DateTime Key);
}
