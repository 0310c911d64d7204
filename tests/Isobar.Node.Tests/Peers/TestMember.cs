using Isobar.Protocol.Security;

namespace Isobar.Node.Tests.Peers;

/// <summary>A member of a cluster of its own, or of another member's, with its identity in a folder that goes with the test.</summary>
internal sealed class TestMember : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("isobar-test-").FullName;
    private readonly ClusterAuthority _authority;
    private readonly bool _isFounder;

    public TestMember(string name, TestMember? founder = null)
    {
        (_authority, _isFounder) = (founder?._authority ?? ClusterAuthority.Create("test", DateTimeOffset.UtcNow), founder is null);
        using var key = new NodeKey();
        using var certificate = _authority.SignNode(key.SigningRequest(name), name);
        SecretFile.Write(Path.Combine(_folder, ClusterIdentity.AuthorityFile), _authority.CertificatePem);
        SecretFile.Write(Path.Combine(_folder, ClusterIdentity.CertificateFile), certificate.ExportCertificatePem());
        SecretFile.Write(Path.Combine(_folder, ClusterIdentity.KeyFile), key.Pem);
        Identity = ClusterIdentity.Load(_folder);
    }

    public ClusterIdentity Identity { get; }

    public void Dispose()
    {
        Identity.Dispose();
        if (_isFounder)
            _authority.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
