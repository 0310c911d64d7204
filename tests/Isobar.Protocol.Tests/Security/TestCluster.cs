using Isobar.Protocol.Security;

namespace Isobar.Protocol.Tests.Security;

/// <summary>An authority and identities of it, in a folder that goes with the test.</summary>
internal sealed class TestCluster : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("isobar-test-").FullName;

    public ClusterAuthority Authority { get; } = ClusterAuthority.Create("test", DateTimeOffset.UtcNow);

    public ClusterIdentity Node(string name)
    {
        var folder = Path.Combine(_root, name);
        SecretFile.CreateFolder(folder);
        using var key = new NodeKey();
        using var certificate = Authority.SignNode(key.SigningRequest(name), name);
        SecretFile.Write(Path.Combine(folder, ClusterIdentity.AuthorityFile), Authority.CertificatePem);
        SecretFile.Write(Path.Combine(folder, ClusterIdentity.CertificateFile), certificate.ExportCertificatePem());
        SecretFile.Write(Path.Combine(folder, ClusterIdentity.KeyFile), key.Pem);
        return ClusterIdentity.Load(folder);
    }

    public string FolderOf(string node) => Path.Combine(_root, node);

    public void Dispose()
    {
        Authority.Dispose();
        Directory.Delete(_root, recursive: true);
    }
}
