using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Isobar.Protocol.Jobs;
using Isobar.Protocol.RemoteMemory;
using Isobar.Protocol.Security;
using Isobar.Protocol.Tests.Security;
using Isobar.Supervisor.RemoteMemory;
using Isobar.Supervisor.Transport;

namespace Isobar.Supervisor.Tests.RemoteMemory;

/// <summary>A link to a server of the test's own, which says what it was told and answers when it likes.</summary>
public sealed class MemoryServerLinkTests : IDisposable
{
    private readonly TestCluster _cluster = new();
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentQueue<TransportOpening> _openings = new();
    private readonly ConcurrentQueue<SslStream> _streams = new();
    private readonly ClusterIdentity _alpha;
    private readonly ClusterIdentity _beta;

    public MemoryServerLinkTests()
    {
        (_alpha, _beta) = (_cluster.Node("alpha"), _cluster.Node("beta"));
        _listener.Start();
        _ = AcceptAsync();
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_link_shares_pages_with_an_earlier_one_of_the_same_job()
    {
        using var first = await OpenAsync();
        using var second = await OpenAsync();
        var secrets = _openings.Select(opening => opening.Secret).ToList();
        Assert.Equal(4, secrets.Count);
        // Both connections of a link have the same, two links have two.
        Assert.Equal(secrets[0], secrets[1]);
        Assert.Equal(secrets[2], secrets[3]);
        Assert.NotEqual(secrets[0], secrets[2]);
        Assert.DoesNotContain(null, secrets);
    }

    [Fact]
    public async Task A_server_that_is_silent_is_given_up_for_good()
    {
        using var link = await OpenAsync();
        var clock = System.Diagnostics.Stopwatch.StartNew();
        Assert.False(await Task.Run(() => link.Put(0, new byte[PageFrame.PageSize]), Cancellation));
        Assert.InRange(clock.Elapsed, TimeSpan.FromSeconds(1.5), TimeSpan.FromSeconds(20));
        Assert.True(link.IsGone);
        Assert.False(link.Ask(0, 1));
    }

    [Fact]
    public async Task A_server_that_answers_another_question_is_given_up()
    {
        using var link = await OpenAsync();
        Assert.True(link.Ask(7, 1));
        var answer = new byte[PageFrame.HeadLength + PageFrame.PageSize];
        new PageFrame(PageFrameKind.Pages, true, 1, 8).Write(answer);
        while (_streams.IsEmpty)
            await Task.Delay(5, Cancellation);
        // The first one is for questions.
        await _streams.First().WriteAsync(answer, Cancellation);
        Assert.False(await Task.Run(() => link.Receive(7, new byte[PageFrame.PageSize]), Cancellation));
        Assert.True(link.IsGone);
    }

    public void Dispose()
    {
        _listener.Dispose();
        foreach (var stream in _streams)
            stream.Dispose();
        _alpha.Dispose();
        _beta.Dispose();
        _cluster.Dispose();
    }

    private string? Note(TransportOpening opening)
    {
        _openings.Enqueue(opening);
        return null;
    }

    private Task<MemoryServerLink> OpenAsync() =>
        MemoryServerLink.OpenAsync(_alpha, "beta", _listener.LocalEndpoint.ToString()!, new TransportOpening("alpha-1", 1, "alpha"), Cancellation);

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptSocketAsync();
                if (await JobTransport.AcceptAsync(_beta, socket, Note, CancellationToken.None) is var (stream, _))
                    _streams.Enqueue(stream);
            }
        }
        catch (SocketException)
        {
            // The test is over.
        }
    }
}
