using Isobar.Linux.Kernel;
using Isobar.Node.Hosting;
using Isobar.Node.Listening;
using Isobar.Node.Peers;
using Isobar.Protocol;
using Isobar.Protocol.Cluster;

namespace Isobar.Node.Membership;

/// <summary>Whether this node is in a cluster, and the way in and out. One change at a time.</summary>
public sealed partial class ClusterRuntime(DaemonOptions options, ILoggerFactory logs, TimeProvider time) : IHostedService, IAsyncDisposable
{
    private readonly SemaphoreSlim _changing = new(1);
    private readonly ILogger _log = logs.CreateLogger<ClusterRuntime>();
    private ActiveCluster? _current;

    /// <summary>The cluster that this node is a member of; null if of none.</summary>
    public ActiveCluster? Current => Volatile.Read(ref _current);

    public ClusterFolder Folder { get; } = new(options.StateDirectory);

    public DaemonOptions Options => options;

    /// <summary>What rides on messages to the other members.</summary>
    public LoadRide Ride { get; } = new();

    /// <summary>The node's name: in a cluster the one of its certificate.</summary>
    public string NodeName => Current?.NodeName ?? options.NodeName;

    /// <summary>Raised after this node became a member (with the cluster) or stopped being one (null).</summary>
    public event Action<ActiveCluster?>? MembershipChanged;

    /// <exception cref="ClusterException">Not in a cluster.</exception>
    public ActiveCluster Require() => Current
        ?? throw new ClusterException("this machine is not in a cluster: make one with `isobar cluster create`, or join one with the command that `isobar cluster invite` prints on a member.");

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (!Folder.Exists)
            return Task.CompletedTask;
        Activate();
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken) => await DeactivateAsync();

    public async ValueTask DisposeAsync()
    {
        await DeactivateAsync();
        _changing.Dispose();
    }

    /// <summary>Why a caller who showed this certificate is not to be served; null if he is a member.</summary>
    public string? WhyRefused(PeerNode peer)
    {
        if (Current is not { } cluster)
            return "this machine is not in the cluster any more.";
        var roster = cluster.Roster.Current;
        if (roster.Nodes.TryGetValue(peer.Name, out var record) && record.Fingerprint == peer.Fingerprint)
            return null;
        if (roster.Evicted.TryGetValue(peer.Name, out var evicted) && evicted.Fingerprint == peer.Fingerprint)
            return $"node {peer.Name} was evicted from cluster {cluster.Facts.Name} by {evicted.By} at {DateTimeOffset.FromUnixTimeSeconds(evicted.UnixSeconds):u}: leave (`isobar cluster leave --force`) and join again with a new invitation.";
        cluster.Roster.Doubt();
        return $"node {peer.Name} is no member of cluster {cluster.Facts.Name}: leave (`isobar cluster leave --force`) and join again with a new invitation.";
    }

    /// <summary>Runs one change (create, join, leave) without another beside it.</summary>
    internal async Task<T> ChangeAsync<T>(Func<Task<T>> change, CancellationToken cancellation)
    {
        await _changing.WaitAsync(cancellation);
        try
        {
            return await change();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or KernelException && e is not IsobarException)
        {
            throw new ClusterException($"the daemon cannot write its state below {options.StateDirectory} ({e.Message}): make room or correct the permissions, and try again.", e);
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Takes up the membership that is on disk.</summary>
    internal ActiveCluster Activate()
    {
        var active = new ActiveCluster(Folder, options, logs, time, Ride);
        Volatile.Write(ref _current, active);
        LogMember(active.NodeName, active.Facts.Name);
        MembershipChanged?.Invoke(active);
        return active;
    }

    /// <summary>Stops being active; what is on disk stays.</summary>
    internal async Task DeactivateAsync()
    {
        if (Interlocked.Exchange(ref _current, null) is not { } active)
            return;
        MembershipChanged?.Invoke(null);
        await active.DisposeAsync();
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "cluster: this is {Node} of cluster {Cluster}")]
    private partial void LogMember(string node, string cluster);
}
