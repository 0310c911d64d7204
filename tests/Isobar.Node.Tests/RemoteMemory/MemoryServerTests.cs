using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Isobar.Linux.Load;
using Isobar.Node.RemoteMemory;
using Isobar.Protocol.Jobs;
using Isobar.Protocol.Naming;
using Isobar.Protocol.RemoteMemory;
using Isobar.Protocol.Security;
using Isobar.Protocol.Tests.Security;
using Microsoft.Extensions.Logging.Abstractions;

namespace Isobar.Node.Tests.RemoteMemory;

/// <summary>The server as a supervisor of another machine meets it: over TCP and TLS.</summary>
public sealed class MemoryServerTests : IAsyncLifetime
{
    private const string Job = "alpha-1";
    private readonly TestCluster _cluster = new();
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ClusterIdentity _alpha;
    private readonly ClusterIdentity _beta;
    private readonly MemoryServer _server;
    private double _keptFree;

    public MemoryServerTests()
    {
        (_alpha, _beta) = (_cluster.Node("alpha"), _cluster.Node("beta"));
        _server = new MemoryServer(() => _beta, new MemoryGauge(), () => Volatile.Read(ref _keptFree), NullLogger.Instance);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _listener.Start();
        await _server.StartAsync(Cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.StopAsync(CancellationToken.None);
        _server.Dispose();
        _listener.Dispose();
        _alpha.Dispose();
        _beta.Dispose();
        _cluster.Dispose();
    }

    [Fact]
    public async Task Both_connections_of_a_link_have_the_same_pages_and_another_link_has_its_own()
    {
        await using var keeping = await OpenAsync("one");
        await using var fetching = await OpenAsync("one");
        await using var other = await OpenAsync("two");
        Assert.True(await KeepAsync(keeping, 5, 7));
        Assert.Equal((byte?)7, await FetchAsync(fetching, 5));
        Assert.Null(await FetchAsync(other, 5));
        Assert.Null(await FetchAsync(fetching, 6));
    }

    [Fact]
    public async Task Nothing_is_left_when_the_last_connection_has_ended()
    {
        await using (var only = await OpenAsync("one"))
            Assert.True(await KeepAsync(only, 5, 7));
        // The server hears of the end some time later.
        for (var look = 0; ; look++)
        {
            await using var again = await OpenAsync("one");
            if (await FetchAsync(again, 5) is null)
                break;
            Assert.InRange(look, 0, 500);
            await again.DisposeAsync();
            await Task.Delay(10, Cancellation);
        }
    }

    [Fact]
    public async Task When_memory_is_short_pages_are_refused_and_those_that_are_there_forgotten()
    {
        await using var stream = await OpenAsync("one");
        Assert.True(await KeepAsync(stream, 5, 7));
        // More than any machine has free.
        Volatile.Write(ref _keptFree, 1);
        for (var look = 0; await FetchAsync(stream, 5) is not null; look++)
        {
            Assert.InRange(look, 0, 500);
            await Task.Delay(20, Cancellation);
        }

        // Some are taken without a look.
        var taken = 0;
        while (await KeepAsync(stream, 100, 1) && ++taken < 10_000)
        {
        }

        Assert.InRange(taken, 0, 1000);
        var refused = await Assert.ThrowsAsync<IOException>(() => OpenAsync("two"));
        Assert.Contains("no memory to lend", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_kernel_is_to_break_the_connection_of_a_machine_that_is_silent()
    {
        using var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(_listener.LocalEndpoint, Cancellation);
        using var connection = await _listener.AcceptSocketAsync(Cancellation);
        _server.Take(connection, Job);
        var milliseconds = new byte[4];
        // TCP_USER_TIMEOUT, tcp(7).
        for (var look = 0; BitConverter.ToInt32(milliseconds) == 0; look++)
        {
            Assert.InRange(look, 0, 500);
            await Task.Delay(10, Cancellation);
            connection.GetRawSocketOption(6, 18, milliseconds);
        }

        Assert.InRange(BitConverter.ToInt32(milliseconds), 1000, 60_000);
        Assert.Equal(1, connection.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive));
    }

    private async Task<SslStream> OpenAsync(string secret)
    {
        var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(_listener.LocalEndpoint, Cancellation);
        using (var connection = await _listener.AcceptSocketAsync(Cancellation))
            _server.Take(connection, Job);
        var stream = new SslStream(new NetworkStream(client, ownsSocket: true));
        await stream.AuthenticateAsClientAsync(_alpha.ClientOptions("beta", ServerNames.Job(PageFrame.Role, Job)), Cancellation);
        await TransportFrame.WriteAsync(stream, new TransportOpening(Job, 1, "alpha", secret), JobJson.Default.TransportOpening, Cancellation);
        var answer = await TransportFrame.ReadAsync(stream, JobJson.Default.TransportAnswer, Cancellation);
        if (answer.Accepted)
            return stream;
        await stream.DisposeAsync();
        throw new IOException(answer.Reason);
    }

    private static async Task<bool> KeepAsync(SslStream stream, uint slot, byte content)
    {
        var message = new byte[PageFrame.HeadLength + PageFrame.PageSize];
        new PageFrame(PageFrameKind.Keep, false, 1, slot).Write(message);
        message.AsSpan(PageFrame.HeadLength).Fill(content);
        await stream.WriteAsync(message, Cancellation);
        var answer = await Task.Run(() => PageFrame.Read(stream), Cancellation);
        Assert.Equal((PageFrameKind.Kept, slot), (answer.Kind, answer.Slot));
        return answer.Yes;
    }

    // What every byte of the page is; null when it is not there.
    private static async Task<byte?> FetchAsync(SslStream stream, uint slot)
    {
        var head = new byte[PageFrame.HeadLength];
        new PageFrame(PageFrameKind.Send, false, 1, slot).Write(head);
        await stream.WriteAsync(head, Cancellation);
        var answer = await Task.Run(() => PageFrame.Read(stream), Cancellation);
        Assert.Equal((PageFrameKind.Pages, slot), (answer.Kind, answer.Slot));
        if (!answer.Yes)
            return null;
        var page = new byte[PageFrame.PageSize];
        await stream.ReadExactlyAsync(page, Cancellation);
        Assert.False(page.AsSpan().ContainsAnyExcept(page[0]));
        return page[0];
    }
}
