using System.Collections.Concurrent;
using System.Net.Sockets;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;
using Isobar.Node.Membership;
using Isobar.Protocol.Cluster;
using Isobar.Protocol.Links;
using Isobar.Protocol.Naming;
using Isobar.Protocol.Security;

namespace Isobar.Node.Peers;

/// <summary>One gRPC channel per member, made when first used, dropped when the member goes or moves.</summary>
public sealed class PeerChannels(ClusterIdentity identity, Func<Roster> roster, LoadRide ride) : IDisposable
{
    private static readonly TimeSpan IdleCloses = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan SilenceBreaks = TimeSpan.FromSeconds(20);

    private readonly ConcurrentDictionary<(string Node, string Address), Lazy<Opened>> _channels = new();

    /// <exception cref="ClusterException">No such member.</exception>
    public CallInvoker To(string node)
    {
        if (!roster().Nodes.TryGetValue(node, out var record))
            throw new ClusterException($"{node} is no member of this cluster: `isobar nodes` lists the members.");
        return _channels.GetOrAdd((node, record.Address), key => new Lazy<Opened>(() => Open(key.Node, key.Address))).Value.Invoker;
    }

    /// <summary>Closes the channels to those who are no members any more.</summary>
    public void Trim(Roster now)
    {
        foreach (var key in _channels.Keys)
        {
            if ((!now.Nodes.TryGetValue(key.Node, out var record) || record.Address != key.Address) && _channels.TryRemove(key, out var gone) && gone.IsValueCreated)
                gone.Value.Channel.Dispose();
        }
    }

    public void Dispose()
    {
        foreach (var channel in _channels.Values.Where(c => c.IsValueCreated))
            channel.Value.Channel.Dispose();
        _channels.Clear();
    }

    private Opened Open(string node, string address)
    {
        var handler = new SocketsHttpHandler
        {
            SslOptions = identity.ClientOptions(node),
            ConnectTimeout = TimeSpan.FromSeconds(3),
            ConnectCallback = ConnectAsync,
            // Calls end within their deadlines, and nobody waits on a silent stream: pings would only keep both daemons awake, for each pair of members.
            PooledConnectionIdleTimeout = IdleCloses,
            EnableMultipleHttp2Connections = true,
            UseProxy = false,
        };
        // The name in the certificate is checked by the options; the URL only says where to connect.
        var channel = GrpcChannel.ForAddress(NodeAddress.Parse(address).Https, new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true });
        return new Opened(channel, channel.CreateCallInvoker().Intercept(new RidingInterceptor(node, ride)));
    }

    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            TcpSilence.Notice(socket, SilenceBreaks, askAfter: SilenceBreaks / 2, askEvery: SilenceBreaks / 4);
            await socket.ConnectAsync(context.DnsEndPoint, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private sealed record Opened(GrpcChannel Channel, CallInvoker Invoker);
}
