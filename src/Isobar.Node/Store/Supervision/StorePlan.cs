using Isobar.Protocol.Naming;

namespace Isobar.Node.Store.Supervision;

/// <summary>How this node's etcd is started.</summary>
/// <param name="Node">The member's name: the node's.</param>
/// <param name="Address">The node's address; peers come to the port after it, clients (on loopback) to the second after it.</param>
/// <param name="ClusterId">A token that keeps members of different clusters apart.</param>
/// <param name="InitialCluster">name=peer URL of all members at the start, this one included.</param>
/// <param name="IsFirst">The first member of a new store, as opposed to one that was added to it.</param>
public sealed record StorePlan(string Node, NodeAddress Address, string ClusterId, string InitialCluster, bool IsFirst)
{
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(1);

    /// <summary>How long members wait for a leader's word before they elect another one; an election takes up to twice as long.</summary>
    public static readonly TimeSpan ElectionTimeout = TimeSpan.FromSeconds(5);

    public static string PeerUrl(NodeAddress address) => $"https://{address.Shifted(1)}";

    public Uri ClientUrl => new($"https://127.0.0.1:{Address.Port + 2}");

    public static StorePlan First(string node, NodeAddress address, string clusterId) =>
        new(node, address, clusterId, $"{node}={PeerUrl(address)}", true);

    /// <summary>etcd's command line (3.4). The client port is for this machine only: other nodes come through the daemon, which asks the roster.</summary>
    public IReadOnlyList<string> Arguments(StoreFolder folder, string listenHost) =>
    [
        "etcd",
        $"--name={Node}",
        $"--data-dir={folder.Data}",
        $"--listen-client-urls={ClientUrl.GetLeftPart(UriPartial.Authority)}",
        $"--advertise-client-urls={ClientUrl.GetLeftPart(UriPartial.Authority)}",
        $"--listen-peer-urls=https://{new NodeAddress(listenHost, Address.Port + 1)}",
        $"--initial-advertise-peer-urls={PeerUrl(Address)}",
        $"--initial-cluster={InitialCluster}",
        $"--initial-cluster-state={(IsFirst ? "new" : "existing")}",
        $"--initial-cluster-token={ClusterId}",
        "--client-cert-auth=true",
        $"--trusted-ca-file={folder.AuthorityFile}",
        $"--cert-file={folder.CertificateFile}",
        $"--key-file={folder.KeyFile}",
        "--peer-client-cert-auth=true",
        $"--peer-trusted-ca-file={folder.AuthorityFile}",
        $"--peer-cert-file={folder.CertificateFile}",
        $"--peer-key-file={folder.KeyFile}",
        // Only certificates that an authority's holder made for a store; a member's own certificate does not open the peer port.
        $"--peer-cert-allowed-cn={Isobar.Protocol.Security.ClusterAuthority.StoreCommonName}",
        // A machine with several addresses may call from another one than it is called at.
        "--experimental-peer-skip-client-san-verification=true",
        // The REST gateway would call etcd's own client port with the server's certificate; nobody uses it.
        "--enable-grpc-gateway=false",
        // Beats are half of what a store at rest does with etcd's 100 ms. Nothing of a job waits for the store, so it may take longer to see that a leader is gone.
        $"--heartbeat-interval={Heartbeat.TotalMilliseconds:0}",
        $"--election-timeout={ElectionTimeout.TotalMilliseconds:0}",
        // How often the log is folded into the data file: the log alone makes a write last, so that ten times a second (the default) buys nothing.
        "--backend-batch-interval=1s",
        "--auto-compaction-mode=revision",
        "--auto-compaction-retention=1000",
        "--logger=zap",
        "--log-level=warn",
        "--log-outputs=stderr",
    ];
}
