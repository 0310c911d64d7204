using System.Net.Security;
using System.Security.Authentication;
using Isobar.Node.Membership;
using Isobar.Protocol.Naming;
using Isobar.Protocol.Security;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Isobar.Node.Listening;

/// <summary>TLS of the daemon's port: by the identity of the moment, since a node may join and leave while it listens.</summary>
internal static class NodeTls
{
    private static readonly List<SslApplicationProtocol> Http2 = [SslApplicationProtocol.Http2];

    public static TlsHandshakeCallbackOptions For(ClusterRuntime runtime)
    {
        // One set of options per identity: with it the TLS session cache is kept, too.
        (ClusterIdentity Identity, SslServerAuthenticationOptions Members, SslServerAuthenticationOptions Joining)? made = null;
        return new TlsHandshakeCallbackOptions
        {
            HandshakeTimeout = TimeSpan.FromSeconds(5),
            OnConnection = context =>
            {
                var identity = runtime.Current?.Identity ?? throw new AuthenticationException("this machine is not in a cluster");
                if (made?.Identity != identity)
                {
                    // The roster is asked at every call (AccessMiddleware), which also catches connections that were made before an eviction.
                    var members = identity.ServerOptions((_, _) => true);
                    var joining = identity.JoinServerOptions();
                    members.ApplicationProtocols = joining.ApplicationProtocols = Http2;
                    made = (identity, members, joining);
                }
                var isJoin = string.Equals(context.ClientHelloInfo.ServerName, ServerNames.Join, StringComparison.OrdinalIgnoreCase);
                return new(isJoin ? made.Value.Joining : made.Value.Members);
            },
        };
    }
}
