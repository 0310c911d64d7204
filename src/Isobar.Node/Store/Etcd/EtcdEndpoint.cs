using System.Net.Security;
using Grpc.Net.Client;

namespace Isobar.Node.Store.Etcd;

/// <summary>One way to the store: a member's own client port, or a daemon that passes calls on.</summary>
/// <param name="Address">https://host:port, or http:// for a store of the administrator's without TLS.</param>
/// <param name="Tls">How the other end is known; null without TLS or with the machine's own trust.</param>
public sealed record EtcdEndpoint(Uri Address, Func<SslClientAuthenticationOptions>? Tls)
{
    /// <summary>Pings tell a dead peer from a silent watch; etcd and Kestrel both allow one each ten seconds.</summary>
    internal GrpcChannel Open()
    {
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = TimeSpan.FromSeconds(2),
            KeepAlivePingDelay = TimeSpan.FromSeconds(10),
            // The client looks a quarter as often as the shorter of the two, for each connection as long as the daemon lives.
            KeepAlivePingTimeout = TimeSpan.FromSeconds(10),
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            EnableMultipleHttp2Connections = false,
            UseProxy = false,
        };
        if (Tls is not null)
            handler.SslOptions = Tls();
        return GrpcChannel.ForAddress(Address, new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true });
    }
}
