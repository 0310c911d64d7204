using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Isobar.Protocol.Links;

namespace Isobar.Protocol.Tests.Links;

public sealed class TcpSilenceTests
{
    // socket(7).
    private const int SocketLevel = 1;
    private const int AttachFilter = 26;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task What_is_not_acknowledged_ends_the_connection()
    {
        var (one, other) = await ConnectedAsync(askAfter: TimeSpan.FromMinutes(1));
        using (one)
        using (other)
        {
            BecomeDeaf(other);
            var began = Stopwatch.GetTimestamp();
            await one.SendAsync(new byte[] { 1 });
            var e = await Assert.ThrowsAsync<SocketException>(async () => await one.ReceiveAsync(new byte[1]).WaitAsync(Limit));
            Assert.Equal(SocketError.TimedOut, e.SocketErrorCode);
            // The kernel looks when it sends again: at growing distances.
            Assert.InRange(Stopwatch.GetElapsedTime(began), TimeSpan.FromSeconds(1.4), TimeSpan.FromSeconds(6));
        }
    }

    [Fact]
    public async Task Whoever_only_listens_finds_out_too()
    {
        var (one, other) = await ConnectedAsync(askAfter: TimeSpan.FromSeconds(1));
        using (one)
        using (other)
        {
            BecomeDeaf(other);
            var e = await Assert.ThrowsAsync<SocketException>(async () => await one.ReceiveAsync(new byte[1]).WaitAsync(Limit));
            Assert.Equal(SocketError.TimedOut, e.SocketErrorCode);
        }
    }

    [Fact]
    public async Task A_silent_connection_whose_other_side_answers_stays()
    {
        var (one, other) = await ConnectedAsync(askAfter: TimeSpan.FromSeconds(1));
        using (one)
        using (other)
        {
            var received = one.ReceiveAsync(new byte[1]);
            await Task.Delay(TimeSpan.FromSeconds(4), TestContext.Current.CancellationToken);
            Assert.False(received.IsCompleted);
            await other.SendAsync(new byte[] { 1 });
            Assert.Equal(1, await received.WaitAsync(Limit));
        }
    }

    private static async Task<(Socket One, Socket Other)> ConnectedAsync(TimeSpan askAfter)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var one = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        TcpSilence.Notice(one, TimeSpan.FromSeconds(1.5), askAfter, askEvery: TimeSpan.FromSeconds(1));
        await one.ConnectAsync(listener.LocalEndpoint);
        return (one, await listener.AcceptSocketAsync());
    }

    /// <summary>As a machine whose cable is cut: a filter (BPF, "return 0") takes away all that comes for this socket before TCP sees it.</summary>
    private static unsafe void BecomeDeaf(Socket socket)
    {
        Filter nothing = new() { Code = 6 };
        FilterProgram program = new() { Length = 1, Filters = &nothing };
        socket.SetRawSocketOption(SocketLevel, AttachFilter, new ReadOnlySpan<byte>(&program, sizeof(FilterProgram)));
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Filter
    {
        public ushort Code;
        public byte IfTrue;
        public byte IfFalse;
        public uint Value;
    }

    [StructLayout(LayoutKind.Sequential)]
    private unsafe struct FilterProgram
    {
        public ushort Length;
        public Filter* Filters;
    }
}
