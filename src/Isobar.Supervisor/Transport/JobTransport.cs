using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Isobar.Linux.Fuse;
using Isobar.Linux.Threads;
using Isobar.Protocol.Jobs;
using Isobar.Protocol.Links;
using Isobar.Protocol.Naming;
using Isobar.Protocol.Security;

namespace Isobar.Supervisor.Transport;

/// <summary>Connections between supervisors: TLS 1.3 with both nodes' certificates, through the port of the callee's daemon, which only hands them over.</summary>
internal static class JobTransport
{
    public const string ControlRole = "control";
    public const string FilesRole = "files";
    private static readonly TimeSpan ConnectWithin = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan SilenceBreaks = TimeSpan.FromSeconds(6);

    public static string MoveRole(int incarnation) => $"move{incarnation}";

    /// <summary>Calls a job's supervisor at another node and says who is calling.</summary>
    /// <exception cref="TransportRefusedException">The other side refuses this caller for good.</exception>
    /// <exception cref="IOException">It cannot be reached now.</exception>
    public static async Task<SslStream> DialAsync(
        ClusterIdentity identity, string address, string node, string role, TransportOpening opening, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(ConnectWithin);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        SslStream? stream = null;
        try
        {
            NoticeSilence(socket);
            await socket.ConnectAsync(EndPointOf(address), timeout.Token).ConfigureAwait(false);
            stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
            await stream.AuthenticateAsClientAsync(identity.ClientOptions(node, ServerNames.Job(role, opening.Job)), timeout.Token).ConfigureAwait(false);
            await WriteAsync(stream, opening, JobJson.Default.TransportOpening, timeout.Token).ConfigureAwait(false);
            MustBeAccepted(await ReadAsync(stream, JobJson.Default.TransportAnswer, timeout.Token).ConfigureAwait(false));
            return stream;
        }
        catch (Exception e)
        {
            if (stream is not null)
                await stream.DisposeAsync().ConfigureAwait(false);
            socket.Dispose();
            throw Failure(e, node, address, timeout.Token, cancellationToken);
        }
    }

    /// <summary>
    /// The same for a connection on which threads wait in the kernel from then on (<see cref="BlockingSocketStream"/>): nothing of it may be asynchronous, or each message would go by way of the
    /// runtime's event thread. With a patience, each call waits no longer than that for the other side.
    /// </summary>
    /// <exception cref="TransportRefusedException">The other side refuses this caller for good.</exception>
    /// <exception cref="IOException">It cannot be reached now.</exception>
    public static Task<SslStream> DialForThreadsAsync(
        ClusterIdentity identity, string address, string node, string role, TransportOpening opening, CancellationToken cancellationToken, TimeSpan? patience = null) =>
        WaitingThreads.RunAsync("files call", () => DialForThreads(identity, address, node, role, opening, patience, cancellationToken));

    /// <summary>As <see cref="AcceptAsync"/>, for the other end of such a connection.</summary>
    public static Task<(SslStream Stream, TransportOpening Opening)?> AcceptForThreadsAsync(
        ClusterIdentity identity, Socket socket, Func<TransportOpening, string?> admit, CancellationToken cancellationToken) =>
        WaitingThreads.RunAsync("files call", () => AcceptForThreads(identity, socket, admit, cancellationToken));

    /// <summary>The callee's side on a connection that the daemon handed over; <paramref name="admit"/> gives the reason of a refusal, or null.</summary>
    /// <returns>The open connection, or null when the caller was refused or broke off.</returns>
    public static async Task<(SslStream Stream, TransportOpening Opening)?> AcceptAsync(
        ClusterIdentity identity, Socket socket, Func<TransportOpening, string?> admit, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(ConnectWithin);
        NoticeSilence(socket);
        string? peer = null;
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
        try
        {
            await stream.AuthenticateAsServerAsync(identity.ServerOptions((node, _) => (peer = node) is not null), timeout.Token).ConfigureAwait(false);
            var opening = await ReadAsync(stream, JobJson.Default.TransportOpening, timeout.Token).ConfigureAwait(false);
            var refusal = Refusal(opening, peer, admit);
            await WriteAsync(stream, new TransportAnswer(refusal is null, refusal), JobJson.Default.TransportAnswer, timeout.Token).ConfigureAwait(false);
            if (refusal is null)
                return (stream, opening);
        }
        catch (Exception e) when (IsCallersFault(e))
        {
            // A caller that breaks off or is no member of the cluster is none.
        }

        await stream.DisposeAsync().ConfigureAwait(false);
        return null;
    }

    private static SslStream DialForThreads(
        ClusterIdentity identity, string address, string node, string role, TransportOpening opening, TimeSpan? patience, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(ConnectWithin);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        // A wait in the kernel ends with the connection.
        using var cut = timeout.Token.Register(socket.Dispose);
        SslStream? stream = null;
        try
        {
            NoticeSilence(socket);
            socket.Connect(EndPointOf(address));
            stream = new SslStream(new BlockingSocketStream(socket, patience));
            using (timeout.Token.Register(stream.Dispose))
            {
                stream.AuthenticateAsClient(identity.ClientOptions(node, ServerNames.Job(role, opening.Job)));
                TransportFrame.Write(stream, opening, JobJson.Default.TransportOpening);
                MustBeAccepted(TransportFrame.Read(stream, JobJson.Default.TransportAnswer));
            }

            timeout.Token.ThrowIfCancellationRequested();
            return stream;
        }
        catch (Exception e)
        {
            stream?.Dispose();
            socket.Dispose();
            throw Failure(e, node, address, timeout.Token, cancellationToken);
        }
    }

    private static (SslStream Stream, TransportOpening Opening)? AcceptForThreads(
        ClusterIdentity identity, Socket socket, Func<TransportOpening, string?> admit, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(ConnectWithin);
        NoticeSilence(socket);
        string? peer = null;
        var stream = new SslStream(new BlockingSocketStream(socket));
        try
        {
            using (timeout.Token.Register(stream.Dispose))
            {
                stream.AuthenticateAsServer(identity.ServerOptions((node, _) => (peer = node) is not null));
                var opening = TransportFrame.Read(stream, JobJson.Default.TransportOpening);
                var refusal = Refusal(opening, peer, admit);
                TransportFrame.Write(stream, new TransportAnswer(refusal is null, refusal), JobJson.Default.TransportAnswer);
                if (refusal is null)
                    return (stream, opening);
            }
        }
        catch (Exception e) when (IsCallersFault(e) || e is ObjectDisposedException or InvalidOperationException)
        {
            // A caller that breaks off or is no member of the cluster is none, and one that is too slow finds the stream disposed.
        }

        stream.Dispose();
        return null;
    }

    private static string? Refusal(TransportOpening opening, string? peer, Func<TransportOpening, string?> admit) =>
        opening.Node != peer ? $"the certificate is {peer}'s, not {opening.Node}'s." : admit(opening);

    private static void MustBeAccepted(TransportAnswer answer)
    {
        if (!answer.Accepted)
            throw new TransportRefusedException(answer.Reason ?? "the connection was refused.");
    }

    private static bool IsCallersFault(Exception e) =>
        e is IOException or AuthenticationException or OperationCanceledException or JsonException or InvalidDataException;

    private static Exception Failure(Exception e, string node, string address, CancellationToken timeout, CancellationToken cancellation) => e switch
    {
        TransportRefusedException => e,
        _ when cancellation.IsCancellationRequested => e as OperationCanceledException ?? new OperationCanceledException(e.Message, e, cancellation),
        _ when timeout.IsCancellationRequested => new IOException($"{node} ({address}) does not answer.", e),
        SocketException socketError => new IOException($"{node} ({address}) cannot be reached: {socketError.Message}.", socketError),
        AuthenticationException => new IOException($"{node} ({address}) does not show a certificate of this cluster for its name.", e),
        _ => e,
    };

    public static Task WriteAsync<T>(Stream stream, T message, JsonTypeInfo<T> type, CancellationToken cancellationToken) =>
        TransportFrame.WriteAsync(stream, message, type, cancellationToken);

    public static Task<T> ReadAsync<T>(Stream stream, JsonTypeInfo<T> type, CancellationToken cancellationToken) =>
        TransportFrame.ReadAsync(stream, type, cancellationToken);

    /// <summary>
    /// A connection whose other side does not answer for some seconds is broken: TCP alone would try for a quarter of an hour, with a job frozen in the
    /// middle of its move.
    /// </summary>
    private static void NoticeSilence(Socket socket)
    {
        socket.NoDelay = true;
        TcpSilence.Notice(socket, SilenceBreaks, askAfter: TimeSpan.FromSeconds(2), askEvery: TimeSpan.FromSeconds(1));
    }

    private static EndPoint EndPointOf(string address)
    {
        if (IPEndPoint.TryParse(address, out var point))
            return point;
        var colon = address.LastIndexOf(':');
        return colon > 0 && int.TryParse(address.AsSpan(colon + 1), out var port)
            ? new DnsEndPoint(address[..colon], port)
            : throw new IOException($"'{address}' is not an address and port.");
    }
}
