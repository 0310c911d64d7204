using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Isobar.Linux.Sockets;
using Isobar.Protocol.Jobs;

namespace Isobar.Node.Jobs;

/// <summary>The daemon's side of a supervisor's socket.</summary>
public static class SupervisorClient
{
    /// <summary>Asks and yields what the supervisor tells until it closes.</summary>
    /// <exception cref="SocketException">Nobody is there.</exception>
    public static async IAsyncEnumerable<SupervisorEvent> AskAsync(
        string runFolder, SupervisorHello hello, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var socket = await ConnectAsync(runFolder, cancellationToken);
        Send(socket, hello);
        await using var stream = new NetworkStream(socket, ownsSocket: false);
        using var reader = new StreamReader(stream);
        while (await ReadLineAsync(reader, cancellationToken) is { } line)
        {
            if (JsonSerializer.Deserialize(line, JobJson.Default.SupervisorEvent) is { } happening)
                yield return happening;
        }
    }

    /// <summary>Hands a TCP connection over.</summary>
    public static async Task HandOverAsync(string runFolder, string role, Socket connection, CancellationToken cancellationToken)
    {
        using var socket = await ConnectAsync(runFolder, cancellationToken);
        Send(socket, new TransportHello(role), (int)connection.Handle);
    }

    private static async Task<Socket> ConnectAsync(string runFolder, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(Path.Combine(runFolder, JobFolders.SocketName)), cancellationToken);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static void Send(Socket socket, SupervisorHello hello, params ReadOnlySpan<int> descriptors) =>
        DescriptorPassing.Send((int)socket.Handle, HelloFrame.Of(hello), descriptors);

    private static async Task<string?> ReadLineAsync(StreamReader reader, CancellationToken cancellationToken)
    {
        try
        {
            return await reader.ReadLineAsync(cancellationToken);
        }
        catch (IOException)
        {
            // The supervisor ended in the middle of a line.
            return null;
        }
    }
}
