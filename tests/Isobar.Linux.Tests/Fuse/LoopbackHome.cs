using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Isobar.Linux.Fuse;

namespace Isobar.Linux.Tests.Fuse;

/// <summary>A home that serves a directory on a TCP port of this machine, and whose connections a test can cut.</summary>
internal sealed class LoopbackHome : IAsyncDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly ConcurrentDictionary<Socket, byte> _connections = new();
    private readonly Thread _accepting;

    public LoopbackHome(string root, FileCredentials? credentials = null, FileViewServerOptions? options = null)
    {
        Server = new FileViewServer(root, credentials ?? new FileCredentials(0, 0, []), options);
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        _accepting = new Thread(Accept) { IsBackground = true };
        _accepting.Start();
    }

    public FileViewServer Server { get; }

    /// <summary>When set, connecting fails with this.</summary>
    public Exception? Refusal { get; set; }

    public int Accepted { get; private set; }

    public ValueTask<Stream> ConnectAsync(CancellationToken cancellation)
    {
        if (Refusal is not null)
            throw Refusal;
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(_listener.LocalEndPoint!);
        return ValueTask.FromResult<Stream>(new NetworkStream(socket, ownsSocket: true));
    }

    /// <summary>Cuts all connections, as a lost link does.</summary>
    public int Cut()
    {
        var cut = 0;
        foreach (var socket in _connections.Keys)
        {
            if (_connections.TryRemove(socket, out _))
            {
                try
                {
                    socket.LingerState = new LingerOption(true, 0);
                    socket.Dispose();
                    cut++;
                }
                catch (ObjectDisposedException)
                {
                    // It had ended by itself.
                }
            }
        }

        return cut;
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await Server.DisposeAsync();
    }

    private void Accept()
    {
        while (true)
        {
            Socket socket;
            try
            {
                socket = _listener.Accept();
            }
            catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
            {
                return;
            }

            socket.NoDelay = true;
            Accepted++;
            _connections.TryAdd(socket, 0);
            _ = Server.ServeAsync(new NetworkStream(socket, ownsSocket: true));
        }
    }
}
