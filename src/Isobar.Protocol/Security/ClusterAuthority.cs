using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Isobar.Protocol.Cluster;
using Isobar.Protocol.Naming;

namespace Isobar.Protocol.Security;

/// <summary>
/// The cluster's own certificate authority (ECDSA P-256). It signs the members' certificates directly, without intermediates. A certificate lives as long as the
/// authority: a member is turned away by the roster, at once, so that an expiry would only add a way to fail.
/// </summary>
public sealed class ClusterAuthority : IDisposable
{
    /// <summary>The subject of the certificates that the store's members show each other; etcd lets in this name only, so node certificates do not open it.</summary>
    public const string StoreCommonName = "isobar-store";

    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(20 * 365);

    /// <summary>A member whose clock is behind must not find its certificate not valid yet.</summary>
    private static readonly TimeSpan Backdating = TimeSpan.FromDays(2);

    private readonly X509Certificate2 _certificate;

    private ClusterAuthority(X509Certificate2 certificate) => _certificate = certificate;

    public string CertificatePem => _certificate.ExportCertificatePem();

    /// <summary>PKCS#8, not encrypted: the file's mode protects it.</summary>
    public string KeyPem
    {
        get
        {
            using var key = _certificate.GetECDsaPrivateKey()!;
            return key.ExportPkcs8PrivateKeyPem();
        }
    }

    public static ClusterAuthority Create(string clusterName, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(CommonName($"Isobar cluster {clusterName}"), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        return new ClusterAuthority(request.CreateSelfSigned(now - Backdating, now + Lifetime));
    }

    /// <exception cref="ClusterException">The key is not the one of the certificate, or neither is PEM.</exception>
    public static ClusterAuthority FromPem(string certificatePem, string keyPem)
    {
        try
        {
            return new ClusterAuthority(X509Certificate2.CreateFromPem(certificatePem, keyPem));
        }
        catch (CryptographicException e)
        {
            throw new ClusterException("the authority's key does not fit the authority's certificate: restore both from the same backup.", e);
        }
    }

    /// <summary>SHA-256 of the certificate, as join tokens and the roster carry it.</summary>
    public static byte[] Fingerprint(X509Certificate2 certificate) => SHA256.HashData(certificate.RawDataMemory.Span);

    /// <summary>
    /// Signs a member's certificate. Only the public key is taken from the request (and its proof of possession checked); every name in the certificate is ours.
    /// </summary>
    /// <exception cref="ClusterException">The request is damaged or its key is no ECDSA P-256 key.</exception>
    public X509Certificate2 SignNode(byte[] signingRequest, string node)
    {
        CertificateRequest asked;
        try
        {
            asked = CertificateRequest.LoadSigningRequest(signingRequest, HashAlgorithmName.SHA256);
        }
        catch (CryptographicException e)
        {
            throw new ClusterException("the certificate request of the new member is damaged: join again.", e);
        }
        using var publicKey = asked.PublicKey.GetECDsaPublicKey();
        if (publicKey is not { KeySize: 256 })
            throw new ClusterException("the key of the new member is no ECDSA P-256 key: use the same version of Isobar on all machines.");
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(ServerNames.Node(node));
        return Sign(new CertificateRequest(CommonName(node), publicKey, HashAlgorithmName.SHA256), names);
    }

    /// <summary>A certificate with key for the store (etcd) of a node, which checks host names and addresses as web browsers do.</summary>
    /// <returns>Certificate and key, both PEM.</returns>
    public (string CertificatePem, string KeyPem) IssueStoreCertificate(string node, string host)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(ServerNames.Store(node));
        names.AddIpAddress(IPAddress.Loopback);
        if (!IPAddress.TryParse(host, out var address))
            names.AddDnsName(host);
        else if (!IPAddress.Loopback.Equals(address))
            names.AddIpAddress(address);
        using var certificate = Sign(new CertificateRequest(CommonName(StoreCommonName), key, HashAlgorithmName.SHA256), names);
        return (certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    public void Dispose() => _certificate.Dispose();

    private X509Certificate2 Sign(CertificateRequest request, SubjectAlternativeNameBuilder names)
    {
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], false));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_certificate, true, false));
        request.CertificateExtensions.Add(names.Build());
        // RFC 5280 4.1.2.2: positive and at most 20 bytes.
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)((serial[0] & 0x7f) | 0x40);
        return request.Create(_certificate, _certificate.NotBefore, _certificate.NotAfter, serial);
    }

    private static X500DistinguishedName CommonName(string name)
    {
        var builder = new X500DistinguishedNameBuilder();
        builder.AddCommonName(name);
        return builder.Build();
    }
}
