using System.Net;
using System.Net.Sockets;
using Isobar.Node.Listening;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;

namespace Isobar.Node.Tests.Listening;

public sealed class NodeListenerTests : IAsyncLifetime
{
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromSeconds(20));
    private readonly Router _router = new();
    private IConnectionListener _listener = null!;

    private CancellationToken Limit => _limit.Token;

    public async ValueTask InitializeAsync() =>
        _listener = await new NodeListenerFactory(_router, NullLoggerFactory.Instance, TimeProvider.System).BindAsync(new IPEndPoint(IPAddress.Loopback, 0), Limit);

    public async ValueTask DisposeAsync()
    {
        await _listener.DisposeAsync();
        _limit.Dispose();
    }

    [Fact]
    public async Task A_connection_for_a_job_goes_to_its_supervisor_untouched()
    {
        var hello = RealHello.Of("files.alpha-3.job.isobar");
        using var client = await ConnectAsync();
        // In two parts: the first is not enough to tell.
        await client.SendAsync(hello.AsMemory(0, 20), Limit);
        await Task.Delay(50, Limit);
        await client.SendAsync(hello.AsMemory(20), Limit);
        var (role, job, received) = await _router.HandedOver.Task.WaitAsync(Limit);
        Assert.Equal(("files", "alpha-3"), (role, job));
        Assert.Equal(hello, received);
        // The daemon's copy is closed.
        Assert.Equal(0, await client.ReceiveAsync(new byte[1], Limit));
    }

    [Fact]
    public async Task Other_connections_go_to_the_daemon_and_a_silent_one_holds_up_nobody()
    {
        using var silent = await ConnectAsync();
        using var client = await ConnectAsync();
        var hello = RealHello.Of("alpha.node.isobar");
        await client.SendAsync(hello, Limit);
        await using var connection = (await _listener.AcceptAsync(Limit))!;
        var read = await connection.Transport.Input.ReadAtLeastAsync(hello.Length, Limit);
        Assert.Equal(hello, read.Buffer.FirstSpan.ToArray());
    }

    [Fact]
    public async Task Whoever_speaks_no_tls_is_shown_out()
    {
        using var client = await ConnectAsync();
        await client.SendAsync("GET / HTTP/1.0\r\n\r\n"u8.ToArray(), Limit);
        // Unread bytes make the kernel reset the connection; either is an end.
        try
        {
            Assert.Equal(0, await client.ReceiveAsync(new byte[1], Limit));
        }
        catch (SocketException e)
        {
            Assert.Equal(SocketError.ConnectionReset, e.SocketErrorCode);
        }
    }

    private async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(_listener.EndPoint, Limit);
        return socket;
    }

    private sealed class Router : IJobConnectionRouter
    {
        public TaskCompletionSource<(string Role, string Job, byte[] Received)> HandedOver { get; } = new();

        public async ValueTask<bool> TryHandOverAsync(string role, string jobId, Socket connection, ConnectionOrigin origin, CancellationToken cancellation)
        {
            var buffer = new byte[4096];
            var length = await connection.ReceiveAsync(buffer, cancellation);
            HandedOver.SetResult((role, jobId, buffer[..length]));
            return true;
        }
    }
}
