using Grpc.Net.Client;
using Isobar.Node.Hosting;
using Isobar.Node.Peers;
using Isobar.Node.Store;
using Isobar.Node.Store.Etcd;
using Isobar.Node.Store.Supervision;
using Isobar.Protocol.Naming;
using Isobar.Protocol.Security;

namespace Isobar.Node.Membership;

/// <summary>Everything that runs while this node is a member: identity, roster, store, channels to the others.</summary>
public sealed class ActiveCluster : IAsyncDisposable
{
    private readonly DaemonOptions _options;
    private readonly ILoggerFactory _logs;
    private readonly TimeProvider _time;
    private readonly EtcdChannels _storeChannels = new();
    private readonly SemaphoreSlim _memberGate = new(1);
    private StoreMember? _member;

    public ActiveCluster(ClusterFolder folder, DaemonOptions options, ILoggerFactory logs, TimeProvider time, LoadRide ride)
    {
        (Folder, _options, _logs, _time) = (folder, options, logs, time);
        Facts = folder.LoadFacts();
        Identity = ClusterIdentity.Load(folder.Path);
        if (folder.Store.HasMember)
            RunMember(StoreMember.LoadPlan(folder.Store));
        var store = new EtcdStore(_storeChannels, logs.CreateLogger<EtcdStore>(), time);
        Store = store;
        UseEndpoints(folder.LoadRoster());
        Roster = new RosterFollower(folder, store, logs.CreateLogger<RosterFollower>());
        Peers = new PeerChannels(Identity, () => Roster.Current, ride);
        Statuses = new PeerStatuses(Identity.NodeName, Peers, () => Roster.Current, time);
        Keeper = new StoreKeeper(this, new StoreMembers(_storeChannels), logs.CreateLogger<StoreKeeper>(), time);
        Roster.Changed += OnRosterChanged;
        Roster.Start();
    }

    public ClusterFacts Facts { get; }

    public ClusterFolder Folder { get; }

    public ClusterIdentity Identity { get; }

    public string NodeName => Identity.NodeName;

    public IClusterStore Store { get; }

    public RosterFollower Roster { get; }

    public PeerChannels Peers { get; }

    public PeerStatuses Statuses { get; }

    internal StoreKeeper Keeper { get; }

    /// <summary>For passing calls of other members on to this node's own member of the store; null if it has none.</summary>
    internal GrpcChannel? OwnStoreChannel { get; private set; }

    public bool HasStoreMember => _member is not null;

    /// <summary>This node's own etcd process, if it runs one.</summary>
    public int? StoreProcessId => _member?.ProcessId;

    /// <summary>What <c>isobar nodes</c> shows of this node's part in the store.</summary>
    public string StoreRole => Facts.ExternalStore.Length > 0 ? "external" : HasStoreMember ? "member" : string.Empty;

    /// <summary>Starts this node's member of the store afresh: what an earlier one left is of no use to a member with a new number.</summary>
    internal async Task StartStoreMemberAsync(StorePlan plan, ClusterAuthority authority)
    {
        await _memberGate.WaitAsync();
        try
        {
            if (_member is { } running)
                await running.DisposeAsync();
            Folder.Store.Delete();
            StoreMember.Prepare(Folder.Store, plan, authority);
            RunMember(plan);
            UseEndpoints(Roster.Current);
        }
        finally
        {
            _memberGate.Release();
        }
    }

    /// <summary>Ends this node's member of the store, with its data and the authority's key.</summary>
    internal async Task RemoveStoreMemberAsync()
    {
        await _memberGate.WaitAsync();
        try
        {
            if (_member is { } running)
                await running.DisposeAsync();
            _member = null;
            OwnStoreChannel?.Dispose();
            OwnStoreChannel = null;
            Folder.Store.Delete();
            Folder.DeleteAuthorityKey();
            UseEndpoints(Roster.Current);
        }
        finally
        {
            _memberGate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        Roster.Changed -= OnRosterChanged;
        await Keeper.DisposeAsync();
        await Statuses.DisposeAsync();
        await Roster.DisposeAsync();
        Peers.Dispose();
        _storeChannels.Dispose();
        OwnStoreChannel?.Dispose();
        if (_member is { } running)
            await running.DisposeAsync();
        Identity.Dispose();
        _memberGate.Dispose();
    }

    private void RunMember(StorePlan plan)
    {
        var host = _options.Listen.Address.ToString();
        _member = new StoreMember(Folder.Store, plan, host, _logs.CreateLogger<StoreMember>(), _time);
        _member.Start();
        OwnStoreChannel?.Dispose();
        OwnStoreChannel = OwnEndpoint(plan).Open();
    }

    private EtcdEndpoint OwnEndpoint(StorePlan plan) => new(plan.ClientUrl, () => Identity.StoreClientOptions(NodeName));

    private void OnRosterChanged(Roster roster)
    {
        Peers.Trim(roster);
        UseEndpoints(roster);
        Keeper.Nudge();
    }

    /// <summary>Our own member first, then the daemons of the others that have one.</summary>
    private void UseEndpoints(Roster roster)
    {
        if (Facts.ExternalStore.Length > 0)
        {
            _storeChannels.Use([.. Facts.ExternalStore.Select(url => new EtcdEndpoint(new Uri(url), null))]);
            return;
        }
        var endpoints = new List<EtcdEndpoint>();
        if (_member is { } own)
            endpoints.Add(OwnEndpoint(own.Plan));
        foreach (var node in roster.ByAge.Where(n => n.IsStoreMember && n.Name != NodeName))
            endpoints.Add(new EtcdEndpoint(NodeAddress.Parse(node.Address).Https, () => Identity.ClientOptions(node.Name)));
        _storeChannels.Use(endpoints);
    }
}
