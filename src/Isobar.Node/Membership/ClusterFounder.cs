using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;
using Isobar.Node.Listening;
using Isobar.Node.Store;
using Isobar.Node.Store.Supervision;
using Isobar.Protocol.Cluster;
using Isobar.Protocol.Naming;
using Isobar.Protocol.Security;

namespace Isobar.Node.Membership;

/// <summary>Makes this machine the first member of a new cluster.</summary>
internal sealed class ClusterFounder(ClusterRuntime runtime, TimeProvider time)
{
    private static readonly TimeSpan StoreStart = TimeSpan.FromSeconds(20);

    public Task<ActiveCluster> CreateAsync(string clusterName, CancellationToken cancellation) => runtime.ChangeAsync(async () =>
    {
        if (runtime.Current is { } already)
            throw new ClusterException($"this machine is already in cluster {already.Facts.Name}, as {already.NodeName}: leave it first with `isobar cluster leave`.");
        if (!NodeName.IsValid(clusterName))
            throw new ClusterException($"\"{clusterName}\" cannot be the name of a cluster: use 1 to {NodeName.MaxLength} characters of a-z, 0-9 and -, not - at an end.");
        var external = runtime.Options.ExternalStore;
        if (external.Count == 0 && EtcdProgram.Find() is null)
            throw new ClusterException("etcd is not installed on this machine: install Debian's etcd-server (its own service is not needed), or give the daemon an existing one with --etcd.");
        try
        {
            WriteIdentity(clusterName, [.. external]);
            var active = runtime.Activate();
            await WriteFirstRosterAsync(active, cancellation);
            return active;
        }
        catch (Exception e)
        {
            // Whatever went wrong, half a cluster must not stay behind.
            await runtime.DeactivateAsync();
            runtime.Folder.Delete();
            if (e is OperationCanceledException && !cancellation.IsCancellationRequested)
                throw new ClusterException($"etcd did not start within {StoreStart.TotalSeconds:0} s: are the two ports after the daemon's free? The daemon's log has its own words.", e);
            throw;
        }
    }, cancellation);

    private void WriteIdentity(string clusterName, string[] external)
    {
        var node = NodeName.Require(runtime.Options.NodeName);
        var address = AdvertisedAddress.Choose(runtime.Options);
        var now = time.GetUtcNow();
        var facts = new ClusterFacts { Id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)), Name = clusterName, Node = node, ExternalStore = external };
        using var authority = ClusterAuthority.Create(clusterName, now);
        using var key = new NodeKey();
        using var certificate = authority.SignNode(key.SigningRequest(node), node);
        var record = new NodeRecord
        {
            Name = node,
            Address = address.ToString(),
            Fingerprint = PeerNode.FingerprintOf(certificate),
            JoinedUnixSeconds = now.ToUnixTimeSeconds(),
            IsStoreMember = true,
        };
        var roster = Roster.Empty with { Nodes = ImmutableSortedDictionary<string, NodeRecord>.Empty.Add(node, record) };
        runtime.Folder.Store.Delete();
        if (external.Length == 0)
            StoreMember.Prepare(runtime.Folder.Store, StorePlan.First(node, address, facts.Id), authority);
        runtime.Folder.Create(facts, authority.CertificatePem, certificate.ExportCertificatePem(), key.Pem, authority.KeyPem, roster);
    }

    private static async Task WriteFirstRosterAsync(ActiveCluster active, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(StoreStart);
        var record = active.Roster.Current.Nodes[active.NodeName];
        var facts = JsonSerializer.SerializeToUtf8Bytes(active.Facts, MembershipJson.Default.ClusterFacts);
        while (true)
        {
            try
            {
                if (!await active.Store.TryCommitAsync([new StoreChange(StoreKeys.Cluster, facts, 0), new StoreChange(StoreKeys.Node(record.Name), record.ToJson(), 0)], limit.Token))
                    throw new ClusterException("that etcd holds a cluster of Isobar already: join it, or give this daemon another etcd with --etcd.");
                break;
            }
            catch (StoreUnavailableException)
            {
                await Task.Delay(100, limit.Token);
            }
        }
        await active.Roster.WaitAsync(r => !r.IsCached, limit.Token);
    }
}
