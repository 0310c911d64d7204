using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text.Json;
using Isobar.Linux.Pipes;
using Isobar.Linux.Sockets;
using Isobar.Protocol.Jobs;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Supervisor.Control;

/// <summary>A caller at the supervisor's socket, with what he wants and the connection that he brought, if any.</summary>
internal sealed record Caller(Socket Socket, SupervisorHello Hello, uint Uid, SafeFileHandle? Descriptor);

/// <summary>
/// The supervisor's UNIX socket: the daemon (root), the job's user and root speak to it. The first message is one JSON text, sent whole, perhaps with a
/// descriptor; a caller's user is what the kernel says.
/// </summary>
/// <param name="listening">The daemon makes the listening socket and hands it over with the job, so that callers need not wait for the supervisor.</param>
internal sealed class SupervisorSocket(SafeFileHandle listening) : IDisposable
{
    private const int MaxHello = 64 * 1024;
    private static readonly TimeSpan AcceptAgainAfter = TimeSpan.FromMilliseconds(500);
    private readonly Socket _listener = DescriptorSockets.Take(listening);

    /// <summary>Serves callers until cancelled; one that fails does not disturb the others.</summary>
    public async Task ServeAsync(Func<Caller, CancellationToken, Task> serve, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                var socket = await _listener.AcceptAsync(cancellationToken).ConfigureAwait(false);
                _ = ServeOneAsync(socket, serve, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                // The supervisor ends.
            }
            catch (SocketException e)
            {
                // Running out of descriptors passes, and the caller waits in the kernel's queue meanwhile.
                DaemonJournal.Write($"a call could not be accepted: {e.Message}");
                await Task.Delay(AcceptAgainAfter, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    public void Dispose() => _listener.Dispose();

    /// <summary>A caller sends length (u32) and text at once, so that both are there when the first byte is; what follows is not touched.</summary>
    private static SupervisorHello? ReceiveHello(int socket, out SafeFileHandle[] descriptors)
    {
        Span<byte> header = stackalloc byte[4];
        if (DescriptorPassing.Receive(socket, header, out descriptors) != header.Length)
            return null;
        var length = BinaryPrimitives.ReadInt32LittleEndian(header);
        if (length is <= 0 or > MaxHello)
            return null;
        var text = new byte[length];
        return DescriptorPassing.Receive(socket, text, out _) == length ? JsonSerializer.Deserialize(text, JobJson.Default.SupervisorHello) : null;
    }

    private static async Task ServeOneAsync(Socket socket, Func<Caller, CancellationToken, Task> serve, CancellationToken cancellationToken)
    {
        using (socket)
        {
            try
            {
                // Awaits the first byte without taking it: the descriptor comes with it, which the runtime's sockets cannot receive.
                using (var handle = new SafeFileHandle(socket.Handle, ownsHandle: false))
                    await Readiness.Shared.ReadableAsync(handle, cancellationToken).ConfigureAwait(false);
                var uid = DescriptorPassing.Peer(socket).Uid;
                var hello = ReceiveHello((int)socket.Handle, out var descriptors);
                if (hello is null)
                    return;
                await serve(new Caller(socket, hello, uid, descriptors.FirstOrDefault()), cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is IOException or SocketException or JsonException or OperationCanceledException or ObjectDisposedException)
            {
                // The caller broke off.
            }
            catch (Exception e)
            {
                // One caller's failure is not the supervisor's; it is told to whoever reads the daemon's log.
                DaemonJournal.Write($"a call failed: {e}");
            }
        }
    }
}
