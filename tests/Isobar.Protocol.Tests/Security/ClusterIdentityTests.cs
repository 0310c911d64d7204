using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Isobar.Protocol.Naming;
using Isobar.Protocol.Security;

namespace Isobar.Protocol.Tests.Security;

#pragma warning disable CA5359, CA5398 // Some clients here are careless or old on purpose.
public sealed class ClusterIdentityTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Members_meet_over_tls_1_3_and_know_each_other()
    {
        using var cluster = new TestCluster();
        using var alpha = cluster.Node("alpha");
        using var beta = cluster.Node("beta");
        var seen = string.Empty;
        var (client, server) = await ConnectAsync(alpha.ClientOptions("beta"), beta.ServerOptions((node, _) => { seen = node; return true; }));
        Assert.Null(client.Error);
        Assert.Null(server.Error);
        Assert.Equal(SslProtocols.Tls13, client.Protocol);
        Assert.Equal("alpha", seen);
    }

    [Fact]
    public async Task The_name_of_a_job_can_be_sent_while_its_node_is_checked()
    {
        using var cluster = new TestCluster();
        using var alpha = cluster.Node("alpha");
        using var beta = cluster.Node("beta");
        var (client, server) = await ConnectAsync(alpha.ClientOptions("beta", ServerNames.Job("files", "beta-3")), beta.ServerOptions((_, _) => true));
        Assert.Null(client.Error);
        Assert.Null(server.Error);
        Assert.Equal("files.beta-3.job.isobar", server.ServerName);
    }

    [Fact]
    public async Task Another_member_than_the_expected_one_is_refused()
    {
        using var cluster = new TestCluster();
        using var alpha = cluster.Node("alpha");
        using var beta = cluster.Node("beta");
        var (client, _) = await ConnectAsync(alpha.ClientOptions("gamma"), beta.ServerOptions((_, _) => true));
        Assert.IsType<AuthenticationException>(client.Error);
    }

    [Fact]
    public async Task A_server_of_another_authority_is_refused()
    {
        using var cluster = new TestCluster();
        using var other = new TestCluster();
        using var alpha = cluster.Node("alpha");
        using var beta = other.Node("beta");
        var (client, _) = await ConnectAsync(alpha.ClientOptions("beta"), beta.ServerOptions((_, _) => true));
        Assert.IsType<AuthenticationException>(client.Error);
    }

    [Fact]
    public async Task A_client_of_another_authority_is_refused()
    {
        using var cluster = new TestCluster();
        using var other = new TestCluster();
        using var alpha = other.Node("alpha");
        using var beta = cluster.Node("beta");
        // The client would accept anything, as an attacker's does.
        var careless = alpha.ClientOptions("beta");
        careless.RemoteCertificateValidationCallback = (_, _, _, _) => true;
        var (_, server) = await ConnectAsync(careless, beta.ServerOptions((_, _) => true));
        Assert.IsType<AuthenticationException>(server.Error);
    }

    [Fact]
    public async Task A_client_without_a_certificate_is_refused()
    {
        using var cluster = new TestCluster();
        using var beta = cluster.Node("beta");
        var nobody = new SslClientAuthenticationOptions { TargetHost = ServerNames.Node("beta"), RemoteCertificateValidationCallback = (_, _, _, _) => true };
        var (_, server) = await ConnectAsync(nobody, beta.ServerOptions((_, _) => true));
        Assert.IsType<AuthenticationException>(server.Error);
    }

    [Fact]
    public async Task A_member_that_the_roster_does_not_admit_is_refused()
    {
        using var cluster = new TestCluster();
        using var alpha = cluster.Node("alpha");
        using var beta = cluster.Node("beta");
        var (_, server) = await ConnectAsync(alpha.ClientOptions("beta"), beta.ServerOptions((node, _) => node != "alpha"));
        Assert.IsType<AuthenticationException>(server.Error);
    }

    [Fact]
    public async Task A_store_certificate_speaks_for_no_node()
    {
        using var cluster = new TestCluster();
        using var alpha = cluster.Node("alpha");
        using var beta = cluster.Node("beta");
        var (certificate, key) = cluster.Authority.IssueStoreCertificate("beta", "127.0.0.1");
        SecretFile.Write(Path.Combine(cluster.FolderOf("beta"), "x.pem"), certificate);
        SecretFile.Write(Path.Combine(cluster.FolderOf("beta"), "x.key"), key);
        using var store = System.Security.Cryptography.X509Certificates.X509Certificate2.CreateFromPem(certificate, key);
        var asStore = alpha.ClientOptions("beta");
        asStore.ClientCertificateContext = SslStreamCertificateContext.Create(store, null, offline: true);
        var (_, server) = await ConnectAsync(asStore, beta.ServerOptions((_, _) => true));
        Assert.IsType<AuthenticationException>(server.Error);
    }

    [Fact]
    public async Task Tls_1_2_is_refused()
    {
        using var cluster = new TestCluster();
        using var alpha = cluster.Node("alpha");
        using var beta = cluster.Node("beta");
        var old = alpha.ClientOptions("beta");
        old.EnabledSslProtocols = SslProtocols.Tls12;
        var (client, server) = await ConnectAsync(old, beta.ServerOptions((_, _) => true));
        Assert.NotNull(client.Error);
        Assert.NotNull(server.Error);
    }

    [Fact]
    public void Keys_are_for_their_owner_only()
    {
        using var cluster = new TestCluster();
        using var alpha = cluster.Node("alpha");
        Assert.Equal(SecretFile.OwnerOnly, File.GetUnixFileMode(Path.Combine(cluster.FolderOf("alpha"), ClusterIdentity.KeyFile)));
        Assert.Equal(SecretFile.OwnerOnlyFolder, File.GetUnixFileMode(cluster.FolderOf("alpha")));
    }

    [Fact]
    public void A_request_of_a_foreign_key_kind_or_a_damaged_one_is_not_signed()
    {
        using var cluster = new TestCluster();
        using var rsa = System.Security.Cryptography.RSA.Create(2048);
        var request = new System.Security.Cryptography.X509Certificates.CertificateRequest(
            "CN=x", rsa, System.Security.Cryptography.HashAlgorithmName.SHA256, System.Security.Cryptography.RSASignaturePadding.Pkcs1).CreateSigningRequest();
        Assert.Throws<Isobar.Protocol.Cluster.ClusterException>(() => cluster.Authority.SignNode(request, "x"));
        using var key = new NodeKey();
        var damaged = key.SigningRequest("x");
        damaged[^5] ^= 1;
        Assert.Throws<Isobar.Protocol.Cluster.ClusterException>(() => cluster.Authority.SignNode(damaged, "x"));
    }

    private sealed record End(Exception? Error, SslProtocols Protocol, string? ServerName);

    private static async Task<(End Client, End Server)> ConnectAsync(SslClientAuthenticationOptions clientOptions, SslServerAuthenticationOptions serverOptions)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var limit = new CancellationTokenSource(Patience);
        using var client = new TcpClient();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint, limit.Token);
        using var server = await listener.AcceptTcpClientAsync(limit.Token);
        await using var clientTls = new SslStream(client.GetStream());
        await using var serverTls = new SslStream(server.GetStream());
        var serverSide = ShakeAsync(() => serverTls.AuthenticateAsServerAsync(serverOptions, limit.Token), serverTls);
        var clientSide = ShakeAsync(() => clientTls.AuthenticateAsClientAsync(clientOptions, limit.Token), clientTls);
        // A client that gave up must not leave the server waiting.
        if ((await clientSide).Error is not null)
            client.Close();
        return (await clientSide, await serverSide);
    }

    private static async Task<End> ShakeAsync(Func<Task> shake, SslStream stream)
    {
        try
        {
            await shake();
            return new End(null, stream.SslProtocol, stream.TargetHostName);
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            return new End(e, SslProtocols.None, null);
        }
    }
}
