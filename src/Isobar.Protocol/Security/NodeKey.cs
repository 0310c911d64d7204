using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Isobar.Protocol.Security;

/// <summary>A new member's key pair. The private half is made on the machine and never leaves it; the authority sees a PKCS#10 request.</summary>
public sealed class NodeKey : IDisposable
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>PKCS#8, not encrypted: the file's mode protects it.</summary>
    public string Pem => _key.ExportPkcs8PrivateKeyPem();

    /// <summary>PKCS#10, DER; signed by the key as proof that its owner sends it.</summary>
    public byte[] SigningRequest(string node)
    {
        var subject = new X500DistinguishedNameBuilder();
        subject.AddCommonName(node);
        return new CertificateRequest(subject.Build(), _key, HashAlgorithmName.SHA256).CreateSigningRequest();
    }

    public void Dispose() => _key.Dispose();
}
