using System.Net.Sockets;
using Grpc.Core;
using Grpc.Net.Client;

namespace Isobar.Cli.Terminal;

/// <summary>The connection of the command to its daemon's local socket.</summary>
public sealed class Daemon : IDisposable
{
    public const string DefaultSocket = "/run/isobar/isobard.sock";

    private readonly GrpcChannel _channel;

    private Daemon(string socketPath)
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectCallback = async (_, cancellation) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), cancellation);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
        };
        // The URL is only the form that HTTP wants; the socket is where it connects.
        _channel = GrpcChannel.ForAddress("http://isobard", new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true });
    }

    public ChannelBase Channel => _channel;

    /// <summary>Calls the daemon; what goes wrong becomes one sentence.</summary>
    /// <exception cref="CommandException">The daemon is not there, or it refused with a sentence of its own.</exception>
    public static async Task<T> CallAsync<T>(string socketPath, Func<ChannelBase, AsyncUnaryCall<T>> call)
    {
        using var daemon = new Daemon(socketPath);
        try
        {
            return await call(daemon.Channel);
        }
        catch (RpcException e)
        {
            throw Translate(e, socketPath);
        }
    }

    /// <summary>For calls that are more than one question and one answer: give failures to <see cref="Translate"/>.</summary>
    public static Daemon Connect(string socketPath) => new(socketPath);

    public static Exception Translate(RpcException e, string socketPath) => e.StatusCode switch
    {
        StatusCode.Cancelled => new OperationCanceledException(e.Status.Detail, e),
        StatusCode.Unavailable when CauseOf(e) is { } cause => cause.SocketErrorCode == SocketError.AccessDenied
            ? new CommandException($"the daemon's socket {socketPath} may not be opened by this user: correct its permissions (0666 is usual).", e)
            : new CommandException($"the daemon does not answer at {socketPath}: start it with `systemctl start isobard` (or isobard in a terminal), or tell its socket with --socket.", e),
        _ => new CommandException(e.Status.Detail, e),
    };

    public void Dispose() => _channel.Dispose();

    private static SocketException? CauseOf(Exception? e)
    {
        for (; e is not null; e = e is RpcException rpc && rpc.InnerException is null ? rpc.Status.DebugException : e.InnerException)
        {
            if (e is SocketException socket)
                return socket;
        }
        return null;
    }
}
