using System.Net;
using System.Net.Sockets;
using Isobar.Node.Store.Etcd;
using Isobar.Node.Store.Etcd.Wire;
using Isobar.Node.Store.Supervision;
using Isobar.Protocol.Naming;
using Isobar.Protocol.Security;
using Microsoft.Extensions.Logging.Abstractions;

namespace Isobar.Node.Tests.Store;

/// <summary>A real etcd of one member on loopback, with the cluster's TLS, and our client for it.</summary>
internal sealed class LoopbackStore : IAsyncDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("isobar-test-").FullName;
    private readonly StoreFolder _folder;
    private readonly StorePlan _plan;
    private readonly ClusterIdentity _identity;
    private readonly EtcdChannels _channels = new();
    private EtcdProcess? _process;

    private LoopbackStore()
    {
        using var authority = ClusterAuthority.Create("test", DateTimeOffset.UtcNow);
        using var key = new NodeKey();
        using var certificate = authority.SignNode(key.SigningRequest("alpha"), "alpha");
        SecretFile.Write(Path.Combine(_root, ClusterIdentity.AuthorityFile), authority.CertificatePem);
        SecretFile.Write(Path.Combine(_root, ClusterIdentity.CertificateFile), certificate.ExportCertificatePem());
        SecretFile.Write(Path.Combine(_root, ClusterIdentity.KeyFile), key.Pem);
        _identity = ClusterIdentity.Load(_root);
        _folder = new StoreFolder(Path.Combine(_root, "etcd"));
        _plan = StorePlan.First("alpha", new NodeAddress("127.0.0.1", FreePorts.Take()), "test");
        StoreMember.Prepare(_folder, _plan, authority);
        _channels.Use([Endpoint]);
        Client = new EtcdStore(_channels, NullLogger<EtcdStore>.Instance, TimeProvider.System);
    }

    public EtcdStore Client { get; }

    public int ProcessId => _process!.Id;

    private EtcdEndpoint Endpoint => new(_plan.ClientUrl, () => _identity.StoreClientOptions("alpha"));

    public static async Task<LoopbackStore> StartAsync(CancellationToken cancellation)
    {
        var store = new LoopbackStore();
        await store.StartProcessAsync(cancellation);
        return store;
    }

    /// <summary>Starts etcd, or takes over the one that a disposed supervisor left.</summary>
    public async Task<bool> StartProcessAsync(CancellationToken cancellation)
    {
        _process = await EtcdProcess.AdoptOrStartAsync(_plan, _folder, "127.0.0.1", cancellation);
        while (true)
        {
            try
            {
                await Client.GetAsync("/x", cancellation);
                return _process.WasAdopted;
            }
            catch (Isobar.Node.Store.StoreUnavailableException)
            {
                await Task.Delay(50, cancellation);
            }
        }
    }

    /// <summary>Cuts the client off and gives another one meanwhile.</summary>
    public async Task SilenceAsync(Func<EtcdStore, Task> meanwhile)
    {
        _channels.Use([]);
        using var channels = new EtcdChannels();
        channels.Use([Endpoint]);
        await meanwhile(new EtcdStore(channels, NullLogger<EtcdStore>.Instance, TimeProvider.System));
        _channels.Use([Endpoint]);
    }

    public async Task CompactAsync(long revision, CancellationToken cancellation)
    {
        using var channel = Endpoint.Open();
        await new KV.KVClient(channel).CompactAsync(new CompactionRequest { Revision = revision, Physical = true }, cancellationToken: cancellation);
    }

    public async Task StopProcessAsync() => await _process!.StopAsync(default);

    public async ValueTask DisposeAsync()
    {
        await _process!.StopAsync(default);
        _channels.Dispose();
        _identity.Dispose();
        Directory.Delete(_root, recursive: true);
    }
}

/// <summary>Three neighbouring TCP ports nobody uses: a node's, its store's for peers and for clients.</summary>
internal static class FreePorts
{
    private static int _next = 20000 + (Environment.ProcessId % 500 * 20);

    public static int Take()
    {
        while (true)
        {
            var port = Interlocked.Add(ref _next, 10);
            if (Enumerable.Range(port, 3).All(IsFree))
                return port;
        }
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
