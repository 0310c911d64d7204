using System.Net.Sockets;

namespace Isobar.Node.Listening;

/// <summary>Looks at a new connection's ClientHello without taking it, so that whoever gets the connection afterwards finds it untouched.</summary>
public static class ClientHelloPeek
{
    /// <summary>How long a stranger may hold a connection without saying who is meant.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(50);

    /// <returns>Whether a whole ClientHello is there, and its server name if it has one.</returns>
    public static async ValueTask<(bool IsTls, string? ServerName)> PeekAsync(Socket socket, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Patience);
        var buffer = new byte[2048];
        var pause = TimeSpan.FromMilliseconds(1);
        var before = 0;
        try
        {
            while (true)
            {
                var length = await socket.ReceiveAsync(buffer, SocketFlags.Peek, limit.Token);
                var outcome = ClientHello.TryReadServerName(buffer.AsSpan(0, length), out var serverName);
                if (length == 0 || outcome == ClientHelloOutcome.Malformed)
                    return (false, null);
                if (outcome == ClientHelloOutcome.Complete)
                    return (true, serverName);
                if (length == buffer.Length)
                {
                    if (length > ClientHello.MaxLength)
                        return (false, null);
                    buffer = new byte[buffer.Length * 4];
                    continue;
                }
                // A peek returns at once as long as anything is there: only waiting avoids a busy loop. A hello in several segments is rare.
                pause = length > before ? TimeSpan.FromMilliseconds(1) : TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, LongestPause.Ticks));
                before = length;
                await Task.Delay(pause, limit.Token);
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            return (false, null);
        }
    }
}
