using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Isobar.Protocol.Naming;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Isobar.Node.Listening;

/// <summary>
/// The node's one TCP port. Each connection's ClientHello is peeked at on its own, so that a slow one holds up nobody; connections for a job go to its
/// supervisor as they are, all others to Kestrel.
/// </summary>
internal sealed partial class NodeListener : IConnectionListener
{
    /// <summary>Connections whose ClientHello has not come yet; beyond that new ones wait in the kernel's queue.</summary>
    private const int MostUndecided = 256;

    private readonly Socket _socket;
    private readonly SocketConnectionContextFactory _contexts;
    private readonly IJobConnectionRouter _router;
    private readonly ILogger _log;
    private readonly TimeProvider _time;
    private readonly Channel<ConnectionContext> _accepted = Channel.CreateUnbounded<ConnectionContext>();
    private readonly SemaphoreSlim _undecided = new(MostUndecided);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;

    public NodeListener(Socket socket, SocketConnectionContextFactory contexts, IJobConnectionRouter router, ILogger log, TimeProvider time)
    {
        (_socket, _contexts, _router, _log, _time) = (socket, contexts, router, log, time);
        EndPoint = socket.LocalEndPoint!;
        _accepting = AcceptLoopAsync();
    }

    public EndPoint EndPoint { get; }

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (await _accepted.Reader.WaitToReadAsync(cancellationToken))
        {
            if (_accepted.Reader.TryRead(out var connection))
                return connection;
        }
        return null;
    }

    public async ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        await _stop.CancelAsync();
        _socket.Dispose();
        await _accepting;
        _accepted.Writer.TryComplete();
    }

    public async ValueTask DisposeAsync()
    {
        await UnbindAsync();
        _contexts.Dispose();
    }

    private async Task AcceptLoopAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await _undecided.WaitAsync(_stop.Token);
                var connection = await _socket.AcceptAsync(_stop.Token);
                _ = DecideAsync(connection);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException e)
            {
                // ECONNABORTED and the like concern one connection; running out of descriptors passes, too.
                _undecided.Release();
                if (_stop.IsCancellationRequested)
                    return;
                LogAccept(e.Message);
                await Task.Delay(TimeSpan.FromMilliseconds(100), _time);
            }
        }
    }

    private async Task DecideAsync(Socket connection)
    {
        try
        {
            connection.NoDelay = true;
            var (isTls, serverName) = await ClientHelloPeek.PeekAsync(connection, _stop.Token);
            if (!isTls)
            {
                LogNoTls(connection.RemoteEndPoint);
                connection.Dispose();
            }
            else if (ServerNames.TryParseJob(serverName, out var role, out var jobId))
            {
                await HandOverAsync(connection, role, jobId, serverName!);
            }
            else if (!_accepted.Writer.TryWrite(_contexts.Create(connection)))
            {
                connection.Dispose();
            }
        }
        catch (Exception e)
        {
            // The last line of defence of a loop that must not end: a connection is lost, not the port.
            LogLost(e.Message);
            connection.Dispose();
        }
        finally
        {
            _undecided.Release();
        }
    }

    private async Task HandOverAsync(Socket connection, string role, string jobId, string serverName)
    {
        // Our copy of the descriptor is closed in any case; the supervisor has its own.
        using (connection)
        {
            var origin = new ConnectionOrigin(connection.RemoteEndPoint, serverName, _time.GetUtcNow());
            if (!await _router.TryHandOverAsync(role, jobId, connection, origin, _stop.Token))
                LogNoJob(jobId, origin.Remote);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "port: a connection could not be accepted: {Reason}")]
    private partial void LogAccept(string reason);

    [LoggerMessage(Level = LogLevel.Debug, Message = "port: {Remote} does not speak TLS, closed")]
    private partial void LogNoTls(EndPoint? remote);

    [LoggerMessage(Level = LogLevel.Debug, Message = "port: a connection was lost: {Reason}")]
    private partial void LogLost(string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "port: {Remote} asked for job {Job}, which has no supervisor here")]
    private partial void LogNoJob(string job, EndPoint? remote);
}
