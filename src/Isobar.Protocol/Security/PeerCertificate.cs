using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography.X509Certificates;
using Isobar.Protocol.Naming;

namespace Isobar.Protocol.Security;

/// <summary>Reads who a certificate of this cluster speaks for.</summary>
public static class PeerCertificate
{
    /// <summary>The DNS names of the certificate's subjectAltName.</summary>
    public static IEnumerable<string> DnsNames(X509Certificate2 certificate) =>
        certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().SelectMany(extension => extension.EnumerateDnsNames());

    /// <summary>The node that a member's certificate names. The caller must have checked the certificate's chain.</summary>
    public static bool TryGetNode([NotNullWhen(true)] X509Certificate? certificate, [NotNullWhen(true)] out string? node)
    {
        node = null;
        if (certificate is not X509Certificate2 full)
            return false;
        foreach (var name in DnsNames(full))
        {
            if (ServerNames.TryParseNode(name, out node))
                return true;
        }
        return false;
    }
}
