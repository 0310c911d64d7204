using System.Collections.Immutable;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Isobar.Protocol.Cluster;
using Isobar.Protocol.Naming;
using Isobar.Protocol.Security;

namespace Isobar.Node.Membership;

/// <summary>
/// The new member's side of a join. First a connection that trusts nobody asks for the authority's certificate; only if that is the one whose fingerprint is in
/// the token, a second connection that trusts this authority alone carries the secret.
/// </summary>
internal sealed class ClusterJoiner(ClusterRuntime runtime, TimeProvider time)
{
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(15);

    public Task<ActiveCluster> JoinAsync(string addressText, string tokenText, CancellationToken cancellation) => runtime.ChangeAsync(async () =>
    {
        if (runtime.Current is { } already)
            throw new ClusterException($"this machine is already in cluster {already.Facts.Name}, as {already.NodeName}: leave it first with `isobar cluster leave`.");
        var token = JoinToken.Parse(tokenText);
        var address = NodeAddress.Parse(addressText);
        var node = NodeName.Require(runtime.Options.NodeName);
        var own = AdvertisedAddress.Choose(runtime.Options, await ConnectAsync(address, cancellation));
        using var authority = await FetchAuthorityAsync(address, token, cancellation);
        using var key = new NodeKey();
        var reply = await AskAsync(address, authority, new JoinRequest
        {
            InviteId = ByteString.CopyFrom(token.InviteId),
            Secret = ByteString.CopyFrom(token.Secret),
            Node = node,
            Address = own.ToString(),
            SigningRequest = ByteString.CopyFrom(key.SigningRequest(node)),
            ClockUnixMs = time.GetUtcNow().ToUnixTimeMilliseconds(),
            Version = Status.OwnStatus.Version,
        }, cancellation);
        var nodes = reply.Roster.Select(json => NodeRecord.FromJson(Encoding.UTF8.GetBytes(json)));
        var roster = Roster.Empty with { Nodes = nodes.ToImmutableSortedDictionary(n => n.Name, n => n, StringComparer.Ordinal) };
        var facts = new ClusterFacts { Id = reply.ClusterId, Name = reply.ClusterName, Node = node, ExternalStore = [.. reply.ExternalStore] };
        runtime.Folder.Delete();
        runtime.Folder.Create(facts, authority.ExportCertificatePem(), reply.CertificatePem, key.Pem, null, roster);
        return runtime.Activate();
    }, cancellation);

    /// <summary>Whether anybody listens there at all, and at which of its addresses: the commonest mistake deserves its own sentence.</summary>
    private static async Task<IPEndPoint> ConnectAsync(NodeAddress address, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(5));
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(address.Host, address.Port, limit.Token);
            return (IPEndPoint)client.Client.RemoteEndPoint!;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException && !cancellation.IsCancellationRequested)
        {
            throw new ClusterException($"nobody answers at {address} ({(e is SocketException ? e.Message : "timed out")}): is isobard running there, and does a firewall let the port through?", e);
        }
    }

    private static async Task<X509Certificate2> FetchAuthorityAsync(NodeAddress address, JoinToken token, CancellationToken cancellation)
    {
        using var channel = Open(address, _ => true);
        AuthorityReply reply;
        try
        {
            reply = await new Joining.JoiningClient(channel).AuthorityAsync(new AuthorityRequest(), Call(cancellation));
        }
        catch (RpcException e) when (!cancellation.IsCancellationRequested)
        {
            throw new ClusterException($"what answers at {address} is no member of a cluster ({e.Status.Detail}): take the address from the command that `isobar cluster invite` printed.", e);
        }
        X509Certificate2? authority = null;
        try
        {
            authority = X509Certificate2.CreateFromPem(reply.AuthorityPem);
        }
        catch (CryptographicException)
        {
            // Falls through to the refusal.
        }
        if (authority is not null && CryptographicOperations.FixedTimeEquals(ClusterAuthority.Fingerprint(authority), token.AuthorityPin))
            return authority;
        authority?.Dispose();
        throw new ClusterException($"{address} belongs to another cluster than the invitation (its authority's fingerprint differs): the token was not sent; take address and token from the same `isobar cluster invite`.");
    }

    private static async Task<JoinReply> AskAsync(NodeAddress address, X509Certificate2 authority, JoinRequest request, CancellationToken cancellation)
    {
        using var channel = Open(address, certificate => ChainsTo(authority, certificate) && PeerCertificate.TryGetNode(certificate, out _));
        try
        {
            return await new Joining.JoiningClient(channel).JoinAsync(request, Call(cancellation));
        }
        catch (RpcException e) when (e.StatusCode is StatusCode.FailedPrecondition)
        {
            throw new ClusterException(e.Status.Detail, e);
        }
        catch (RpcException e) when (!cancellation.IsCancellationRequested)
        {
            throw new ClusterException($"{address} did not finish the join ({e.Status.Detail}): look at `isobar nodes` there; if this node is listed, evict it before joining again with a new invitation.", e);
        }
    }

    private static bool ChainsTo(X509Certificate2 authority, X509Certificate2 certificate)
    {
        using var chain = new X509Chain { ChainPolicy = ClusterIdentity.OnlyThisCluster(authority) };
        return chain.Build(certificate);
    }

    private static GrpcChannel Open(NodeAddress address, Func<X509Certificate2, bool> accept) =>
        // SocketsHttpHandler sends the URL's host as server name whatever TargetHost says: the URL names the service, the callback finds the machine.
        GrpcChannel.ForAddress(new NodeAddress(ServerNames.Join, address.Port).Https, new GrpcChannelOptions
        {
            DisposeHttpClient = true,
            HttpHandler = new SocketsHttpHandler
            {
                UseProxy = false,
                ConnectCallback = async (_, cancellation) =>
                {
                    var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                    try
                    {
                        await socket.ConnectAsync(address.EndPoint, cancellation);
                        return new NetworkStream(socket, ownsSocket: true);
                    }
                    catch
                    {
                        socket.Dispose();
                        throw;
                    }
                },
                SslOptions = new SslClientAuthenticationOptions
                {
                    EnabledSslProtocols = SslProtocols.Tls13,
                    RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is X509Certificate2 full && accept(full),
                },
            },
        });

    private static CallOptions Call(CancellationToken cancellation) => new(deadline: DateTime.UtcNow + CallTimeout, cancellationToken: cancellation);
}
