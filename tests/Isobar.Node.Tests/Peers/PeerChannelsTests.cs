using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Grpc.Core;
using Isobar.Node.Peers;
using Isobar.Node.Tests.Policies;
using Isobar.Protocol.Cluster;

namespace Isobar.Node.Tests.Peers;

/// <summary>What the kernel was told of the connections between daemons.</summary>
public sealed class PeerChannelsTests
{
    // tcp(7).
    private const int Tcp = 6;
    private const int UserTimeout = 18;

    /// <summary>No pings keep a connection under watch, so that the kernel must: else a call over one that died would wait for its deadline, each time, for a quarter of an hour.</summary>
    [Fact]
    public async Task The_kernel_ends_connections_between_daemons_that_are_silent_for_twenty_seconds()
    {
        var limit = TestContext.Current.CancellationToken;
        using var alpha = new TestMember("alpha");
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var roster = NodeNumbersTests.Of(("alpha", "00000001", 1), ("beta", "00000002", 2));
        roster = roster with { Nodes = roster.Nodes.SetItem("beta", roster.Nodes["beta"] with { Address = listener.LocalEndpoint.ToString()! }) };
        using var channels = new PeerChannels(alpha.Identity, () => roster, new LoadRide());
        using var call = new Protocol.Cluster.Membership.MembershipClient(channels.To("beta")).StatusAsync(new StatusRequest(), deadline: DateTime.UtcNow.AddSeconds(20), cancellationToken: limit);
        using var accepted = await listener.AcceptSocketAsync(limit);

        using var socket = OwnEndOf(accepted);
        var timeout = new byte[4];
        socket.GetRawSocketOption(Tcp, UserTimeout, timeout);
        Assert.Equal(20_000, BinaryPrimitives.ReadInt32LittleEndian(timeout));
        Assert.Equal(1, socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive));
        Assert.Equal(10, socket.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime));
        Assert.Equal(5, socket.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval));
        accepted.Close();
        await Assert.ThrowsAsync<RpcException>(async () => await call);
    }

    /// <summary>The other end of a connection within this process, by its descriptor.</summary>
    private static Socket OwnEndOf(Socket accepted)
    {
        foreach (var link in Directory.EnumerateFileSystemEntries("/proc/self/fd"))
        {
            if (new FileInfo(link).LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) != true)
                continue;
            var socket = new Socket(new SafeSocketHandle(int.Parse(Path.GetFileName(link), System.Globalization.CultureInfo.InvariantCulture), ownsHandle: false));
            if (socket.AddressFamily is AddressFamily.InterNetwork or AddressFamily.InterNetworkV6 && socket.SocketType == SocketType.Stream
                && socket.LocalEndPoint is IPEndPoint { Port: var port } && port == ((IPEndPoint)accepted.RemoteEndPoint!).Port)
                return socket;
        }

        throw new InvalidOperationException("the connection is not of this process.");
    }
}
