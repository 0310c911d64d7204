using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Isobar.Linux.Fuse;

namespace Isobar.FileView.Bench;

/// <summary>Mutual TLS 1.3 with one throw-away certificate for both ends; none at all if the folder has no certificate.</summary>
internal static class Tls
{
    public static void MakeCertificate(string folder)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=bench", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        File.WriteAllBytes(Path.Combine(folder, "bench.pfx"), certificate.Export(X509ContentType.Pfx));
    }

    public static Stream Server(Socket socket, string folder)
    {
        var inner = new BlockingSocketStream(socket);
        if (Load(folder) is not { } certificate)
            return inner;
        var stream = new SslStream(inner);
        stream.AuthenticateAsServer(new SslServerAuthenticationOptions
        {
            ServerCertificate = certificate,
            ClientCertificateRequired = true,
            EnabledSslProtocols = SslProtocols.Tls13,
            RemoteCertificateValidationCallback = (_, peer, _, _) => peer is not null && peer.GetCertHashString() == certificate.GetCertHashString(),
        });
        return stream;
    }

    public static Stream Client(Socket socket, string folder)
    {
        var inner = new BlockingSocketStream(socket);
        if (Load(folder) is not { } certificate)
            return inner;
        var stream = new SslStream(inner);
        stream.AuthenticateAsClient(new SslClientAuthenticationOptions
        {
            TargetHost = "bench",
            ClientCertificates = [certificate],
            EnabledSslProtocols = SslProtocols.Tls13,
            RemoteCertificateValidationCallback = (_, peer, _, _) => peer is not null && peer.GetCertHashString() == certificate.GetCertHashString(),
        });
        return stream;
    }

    private static X509Certificate2? Load(string folder)
    {
        var path = Path.Combine(folder, "bench.pfx");
        return File.Exists(path) ? X509CertificateLoader.LoadPkcs12FromFile(path, null) : null;
    }
}
