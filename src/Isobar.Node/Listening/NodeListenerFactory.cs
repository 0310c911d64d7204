using System.Net;
using System.Net.Sockets;
using Isobar.Protocol.Cluster;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Isobar.Node.Listening;

/// <summary>Gives Kestrel our own accept loop for TCP; UNIX sockets stay with Kestrel's.</summary>
internal sealed class NodeListenerFactory(IJobConnectionRouter router, ILoggerFactory logs, TimeProvider time)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    public bool CanBind(EndPoint endpoint) => endpoint is IPEndPoint;

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var address = (IPEndPoint)endpoint;
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            // A restarted daemon must not wait for its old connections' TIME_WAIT.
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            socket.Bind(address);
            socket.Listen(512);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new ClusterException($"the daemon cannot listen at {address} ({e.Message}): end the program that does, or choose another address with --listen.", e);
        }
        var contexts = new SocketConnectionContextFactory(new SocketConnectionFactoryOptions(), logs.CreateLogger("Isobar.Node.Listening.Connection"));
        return new(new NodeListener(socket, contexts, router, logs.CreateLogger<NodeListener>(), time));
    }
}
