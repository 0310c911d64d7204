using System.Security.Cryptography.X509Certificates;
using Isobar.Protocol.Security;
using Microsoft.AspNetCore.Http.Features;

namespace Isobar.Node.Listening;

/// <summary>The member at the other end of a connection between daemons, by its certificate. A feature of the request once the roster admitted it.</summary>
public sealed record PeerNode(string Name, string Fingerprint)
{
    /// <summary>Null if the connection showed no certificate. The TLS handshake has checked the chain.</summary>
    internal static PeerNode? Of(HttpContext context)
    {
        if (context.Features.Get<PeerNode>() is { } known)
            return known;
        var certificate = context.Features.Get<ITlsConnectionFeature>()?.ClientCertificate;
        return PeerCertificate.TryGetNode(certificate, out var node) ? new PeerNode(node, FingerprintOf(certificate!)) : null;
    }

    internal static string FingerprintOf(X509Certificate2 certificate) => Convert.ToHexStringLower(ClusterAuthority.Fingerprint(certificate));
}
