using Isobar.Balancing;
using Isobar.Balancing.Dissemination;
using Isobar.Node.Decisions;
using Isobar.Node.Gossip;
using Isobar.Node.Jobs;
using Isobar.Node.Membership;
using Isobar.Node.Policies;
using Isobar.Node.Settings;
using MemberRoster = Isobar.Node.Membership.Roster;

namespace Isobar.Node.Life;

/// <summary>
/// The policies in the life of the daemon: follows membership and settings. What belongs to a cluster (keys, settings, the datagram socket) lives as long as that
/// (<see cref="ClusterLife"/>), the beat as long as the daemon (<see cref="Pulse"/>).
/// </summary>
internal sealed partial class LiveService(
    ClusterRuntime runtime, LivePolicies policies, LiveSettings settings, Balancer balancer, JobFacts facts, HomeJobs homeJobs, ILoggerFactory logs, TimeProvider time)
    : BackgroundService
{
    private readonly ILogger _log = logs.CreateLogger<LiveService>();
    private readonly Lessons _lessons = new(homeJobs, policies);
    private readonly SemaphoreSlim _changing = new(1);
    private ClusterLife? _life;
    private Pulse? _pulse;

    /// <summary>Counts of datagrams, and what is wrong if there are none; null outside of a cluster.</summary>
    public (GossipMeter? Meter, string? Trouble, GossipKey? Key)? Gossip =>
        Volatile.Read(ref _life) is { } life ? (life.Socket?.Meter, life.Trouble, life.Keys.Ring.Newest) : null;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Run(policies.Load.Calibrate, stoppingToken);
        policies.Incarnation = Lives.Next(runtime.Options.StateDirectory);
        settings.Changed += () => _ = WatchedAsync(RebuildAsync());
        _lessons.Begin();
        runtime.Ride.GetOn = policies.GetOn;
        var pulse = _pulse = new Pulse(policies, balancer, facts, () => Volatile.Read(ref _life)?.Socket, _log);
        runtime.Ride.GetOff = (node, load) =>
        {
            if (policies.GetOff(node, load))
                pulse.NoteNews();
        };
        runtime.MembershipChanged += OnMembershipChanged;
        OnMembershipChanged(runtime.Current);
        try
        {
            await pulse.RunAsync(stoppingToken);
        }
        finally
        {
            runtime.MembershipChanged -= OnMembershipChanged;
            await LeaveAsync();
        }
    }

    private void OnMembershipChanged(ActiveCluster? cluster) => _ = WatchedAsync(ChangeAsync(cluster));

    // Nobody waits for it: what goes wrong would be lost, and the node be without policies in silence.
    private async Task WatchedAsync(Task change)
    {
        try
        {
            await change;
        }
        catch (Exception e) when (e is not (OperationCanceledException or ObjectDisposedException))
        {
            LogNotChanged(e.ToString());
        }
    }

    private async Task ChangeAsync(ActiveCluster? cluster)
    {
        await LeaveAsync();
        if (cluster is null)
            return;
        await _changing.WaitAsync();
        try
        {
            if (!ReferenceEquals(runtime.Current, cluster))
                return;
            var life = new ClusterLife(cluster, logs, time);
            settings.Follower = life.Settings;
            cluster.Roster.Changed += OnRosterChanged;
            cluster.Statuses.NewsAge = policies.NewsAge;
            Volatile.Write(ref _life, life);
        }
        finally
        {
            _changing.Release();
        }

        await RebuildAsync();
    }

    private async Task LeaveAsync()
    {
        await _changing.WaitAsync();
        try
        {
            if (_life is not { } life)
                return;
            life.Cluster.Roster.Changed -= OnRosterChanged;
            settings.Follower = null;
            policies.Use(settings.Profile, null, 0);
            Volatile.Write(ref _life, null);
            await life.DisposeAsync();
        }
        finally
        {
            _changing.Release();
        }
    }

    private void OnRosterChanged(MemberRoster roster)
    {
        if (Volatile.Read(ref _life) is { } life && life.TakeMembers(roster))
            life.Keys.SomebodyLeft();
        _ = WatchedAsync(RebuildAsync());
    }

    /// <summary>Roster or settings changed: the stages are made for the new ones.</summary>
    private async Task RebuildAsync()
    {
        await _changing.WaitAsync();
        try
        {
            if (_life is not { } life)
                return;
            var roster = life.Cluster.Roster.Current;
            var numbers = NodeNumbers.Of(roster, life.Cluster.NodeName, settings.SiteOf);
            if (numbers.Self.IsNone)
                return;
            await numbers.ResolveAsync(roster, runtime.Options.Listen.AddressFamily, CancellationToken.None);
            if (policies.Use(settings.Profile, numbers, settings.GossipAge))
                _lessons.Repeat();
            life.Use(runtime.Options.Listen, numbers, policies.Incarnation, (NodeId from, in LoadMessage message, IOutbox socket) =>
            {
                policies.Receive(from, in message, socket);
                _pulse?.NoteNews();
            });
        }
        finally
        {
            _changing.Release();
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "policies: a change of members or settings could not be followed: {Reason}")]
    private partial void LogNotChanged(string reason);
}
