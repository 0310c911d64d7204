using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Isobar.Protocol.Cluster;
using Isobar.Protocol.Naming;

namespace Isobar.Protocol.Security;

/// <summary>
/// Who this machine is in its cluster: the authority's certificate, the node's certificate and its key, read from a folder. Makes the options of TLS
/// connections: version 1.3, both sides shown by certificate, this cluster's authority and no other trusted. Used by the daemon and by the supervisors.
/// </summary>
public sealed class ClusterIdentity : IDisposable
{
    public const string AuthorityFile = "ca.pem";
    public const string CertificateFile = "node.pem";
    public const string KeyFile = "node.key";

    private readonly SslStreamCertificateContext _context;

    private ClusterIdentity(X509Certificate2 authority, X509Certificate2 certificate, string node)
    {
        Authority = authority;
        Certificate = certificate;
        NodeName = node;
        _context = SslStreamCertificateContext.Create(certificate, additionalCertificates: null, offline: true);
    }

    public X509Certificate2 Authority { get; }

    public X509Certificate2 Certificate { get; }

    /// <summary>The name of this node, out of its certificate.</summary>
    public string NodeName { get; }

    /// <summary>Whether a folder holds an identity (all three files).</summary>
    public static bool Exists(string folder) =>
        File.Exists(Path.Combine(folder, AuthorityFile)) && File.Exists(Path.Combine(folder, CertificateFile)) && File.Exists(Path.Combine(folder, KeyFile));

    /// <exception cref="ClusterException">A file is missing, unreadable or damaged, or the certificate is no member's.</exception>
    public static ClusterIdentity Load(string folder)
    {
        try
        {
            var authority = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(folder, AuthorityFile));
            var certificate = X509Certificate2.CreateFromPemFile(Path.Combine(folder, CertificateFile), Path.Combine(folder, KeyFile));
            if (!PeerCertificate.TryGetNode(certificate, out var node))
                throw new ClusterException($"the certificate in {folder} names no node: leave the cluster and join again.");
            return new ClusterIdentity(authority, certificate, node);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new ClusterException($"the keys of this node in {folder} cannot be read ({e.Message}): restore them, or leave the cluster and join again.", e);
        }
    }

    /// <summary>Options to call another node: its certificate must be this cluster's and name <paramref name="expectedNode"/>.</summary>
    /// <param name="expectedNode">The node at the other end.</param>
    /// <param name="serverName">The name for the ClientHello, if not the node itself is meant but a job's supervisor (<see cref="ServerNames.Job"/>).</param>
    public SslClientAuthenticationOptions ClientOptions(string expectedNode, string? serverName = null) =>
        Client(serverName ?? ServerNames.Node(expectedNode), ServerNames.Node(expectedNode));

    /// <summary>Options to call the store (etcd) of a node.</summary>
    public SslClientAuthenticationOptions StoreClientOptions(string node) => Client(ServerNames.Store(node), ServerNames.Store(node));

    /// <summary>
    /// Options to be called: the caller must show a certificate of this cluster that names a node which <paramref name="admit"/> accepts (the roster says who
    /// is a member; the certificate is given too, so that its fingerprint can be compared).
    /// </summary>
    public SslServerAuthenticationOptions ServerOptions(Func<string, X509Certificate2, bool> admit) => new()
    {
        ServerCertificateContext = _context,
        EnabledSslProtocols = SslProtocols.Tls13,
        ClientCertificateRequired = true,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        CertificateChainPolicy = OnlyThisCluster(Authority),
        RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
            errors == SslPolicyErrors.None && PeerCertificate.TryGetNode(certificate, out var node) && admit(node, (X509Certificate2)certificate),
    };

    /// <summary>Options for the join service: TLS 1.3 without a client certificate.</summary>
    public SslServerAuthenticationOptions JoinServerOptions() => new()
    {
        ServerCertificateContext = _context,
        EnabledSslProtocols = SslProtocols.Tls13,
        ClientCertificateRequired = false,
    };

    /// <summary>A chain that ends at one authority; nothing is looked up on the network.</summary>
    public static X509ChainPolicy OnlyThisCluster(X509Certificate2 authority) => new()
    {
        TrustMode = X509ChainTrustMode.CustomRootTrust,
        CustomTrustStore = { authority },
        RevocationMode = X509RevocationMode.NoCheck,
        DisableCertificateDownloads = true,
    };

    public void Dispose()
    {
        Authority.Dispose();
        Certificate.Dispose();
    }

    private SslClientAuthenticationOptions Client(string serverName, string expectedName) => new()
    {
        TargetHost = serverName,
        EnabledSslProtocols = SslProtocols.Tls13,
        ClientCertificateContext = _context,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        CertificateChainPolicy = OnlyThisCluster(Authority),
        // The name sent may be a job's while the certificate is its node's: the name is compared here, and only a wrong *chain* is fatal above.
        RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
            (errors & ~SslPolicyErrors.RemoteCertificateNameMismatch) == SslPolicyErrors.None
            && certificate is X509Certificate2 full && PeerCertificate.DnsNames(full).Contains(expectedName, StringComparer.OrdinalIgnoreCase),
    };
}
