using System.Globalization;
using System.Net.Sockets;
using Isobar.Balancing;
using Isobar.Balancing.Consideration;
using Isobar.Balancing.Dissemination;
using Isobar.Node.Decisions;
using Isobar.Node.Gossip;
using Isobar.Node.Jobs;
using Isobar.Node.Load;
using Isobar.Node.Membership;
using Isobar.Node.Settings;
using Isobar.Protocol.Security;
using MemberRoster = Isobar.Node.Membership.Roster;
using Trigger = Isobar.Balancing.Consideration.Trigger;

namespace Isobar.Node.Policies;

/// <summary>
/// The daemon's pulse: one loop that samples the load, gives the dissemination stage its steps and has the jobs considered, each at the pace of the profile. Follows
/// membership: what belongs to a cluster (keys, settings, the datagram socket) lives as long as that.
/// </summary>
internal sealed partial class LiveService(
    ClusterRuntime runtime, LivePolicies policies, LiveSettings settings, Balancer balancer, JobFacts facts, HomeJobs homeJobs, ILoggerFactory logs, TimeProvider time)
    : BackgroundService
{
    private const double FactsEvery = 4;
    private const double SecondsPerMinute = 60;

    private readonly ILogger _log = logs.CreateLogger<LiveService>();
    private readonly SemaphoreSlim _changing = new(1);
    private ClusterLife? _life;
    private Isobar.Balancing.Profiles.Profile? _paced;
    private double _nextTick;
    private double _nextConsideration;
    private double _nextFirst;
    private double _nextFacts;
    private volatile bool _hasNews;

    /// <summary>Counts of datagrams, and what is wrong if there are none; null outside of a cluster.</summary>
    public (GossipMeter? Meter, string? Trouble, GossipKey? Key)? Gossip =>
        Volatile.Read(ref _life) is { } life ? (life.Socket?.Meter, life.Trouble, life.Keys.Ring.Newest) : null;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Run(policies.Load.Calibrate, stoppingToken);
        policies.Incarnation = NextIncarnation();
        settings.Changed += () => _ = RebuildAsync();
        homeJobs.Ended += Learn;
        runtime.Ride.GetOn = policies.GetOn;
        runtime.Ride.GetOff = (node, load) => _hasNews |= policies.GetOff(node, load);
        runtime.MembershipChanged += OnMembershipChanged;
        OnMembershipChanged(runtime.Current);
        try
        {
            await PulseAsync(stoppingToken);
        }
        finally
        {
            runtime.MembershipChanged -= OnMembershipChanged;
            await LeaveAsync();
        }
    }

    /// <summary>A thread of its own: the way over a timer and the pool wakes up three threads for each beat, and there are several a second for as long as the daemon lives.</summary>
    private Task PulseAsync(CancellationToken cancellation)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            try
            {
                do
                    Beat(cancellation);
                while (!cancellation.WaitHandle.WaitOne(Step()));
            }
            catch (OperationCanceledException)
            {
                // The daemon stops.
            }

            ended.SetResult();
        })
        { IsBackground = true, Name = "isobar-pulse" }.Start();
        return ended.Task;
    }

    private TimeSpan Step() => TimeSpan.FromSeconds(Math.Min(Math.Max(policies.Load.LeastStep.TotalSeconds, policies.Set?.Load.SampleSeconds ?? 1), 1));

    private void Beat(CancellationToken cancellation)
    {
        try
        {
            policies.Sample(out var arrived, out var departed);
            if (policies.Set is not { } set)
                return;
            var now = MachineLoad.Now.Seconds;
            if (!ReferenceEquals(set.Profile, _paced))
            {
                // What the profile before had planned may be an hour away: one that tells nothing ticks as seldom.
                _paced = set.Profile;
                (_nextTick, _nextConsideration) = (now, now);
                // It may have come after this beat's sample: a first step without news of this node itself would be lost, and the next one is minutes away in some profiles.
                return;
            }

            if (Volatile.Read(ref _life)?.Socket is { } socket && now >= _nextTick)
            {
                _nextTick = Math.Max(_nextTick + set.Protocol.PeriodSeconds, now);
                policies.Tick(socket);
            }

            if (now >= _nextFacts || arrived)
            {
                _nextFacts = now + FactsEvery;
                if (policies.Load.Jobs.Jobs.Count > 0)
                    _ = facts.RefreshAsync([.. policies.Load.Jobs.Jobs], cancellation);
            }

            Consider(set, now, arrived, departed, cancellation);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // One bad look must not end the looking, and the daemon with it.
            LogBeat(e.ToString());
        }
    }

    private void Consider(PolicySet set, double now, bool arrived, bool departed, CancellationToken cancellation)
    {
        var profile = set.Profile.Settings;
        if (policies.TakeOwnerReturned())
            balancer.Consider(Trigger.OwnerReturned, onlyFirst: false, cancellation);
        // The owner and where jobs may be: every second, whatever the pace of the profile.
        if (now >= _nextFirst && now < _nextConsideration)
        {
            _nextFirst = now + 0.95;
            balancer.Consider(Trigger.Periodic, onlyFirst: true, cancellation);
        }

        if (arrived && profile.OnArrival)
            balancer.Consider(Trigger.Arrival, onlyFirst: false, cancellation);
        if (departed && profile.OnDeparture)
            balancer.Consider(Trigger.Departure, onlyFirst: false, cancellation);
        if (_hasNews && profile.OnNews)
        {
            _hasNews = false;
            balancer.Consider(Trigger.News, onlyFirst: false, cancellation);
        }

        if (now < _nextConsideration)
            return;
        _nextConsideration = now + Math.Min(profile.PeriodSeconds, SecondsPerMinute);
        _nextFirst = now + 0.95;
        balancer.Consider(Trigger.Periodic, onlyFirst: false, cancellation);
    }

    private void OnMembershipChanged(ActiveCluster? cluster) => _ = ChangeAsync(cluster);

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
        _ = RebuildAsync();
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
                LearnFromThePast();
            if (life.Socket is { } socket)
            {
                socket.Use(numbers);
                return;
            }

            Open(life, numbers);
        }
        finally
        {
            _changing.Release();
        }
    }

    private void Open(ClusterLife life, NodeNumbers numbers)
    {
        try
        {
            var session = ((ulong)policies.Incarnation << 32) | (uint)Random.Shared.NextInt64();
            var socket = new GossipSocket(
                runtime.Options.Listen, numbers, session, life.Keys, time, static () => MachineLoad.Now, logs.CreateLogger<GossipSocket>());
            socket.Start((NodeId from, in LoadMessage message) =>
            {
                policies.Receive(from, in message, socket);
                _hasNews = true;
            });
            life.Socket = socket;
            life.Trouble = null;
        }
        catch (SocketException e)
        {
            life.Trouble = $"UDP port {runtime.Options.Listen.Port} cannot be used ({e.Message}): end the program that has it, and restart isobard.";
            LogTrouble(life.Trouble);
        }
    }

    private void LearnFromThePast()
    {
        foreach (var job in homeJobs.Past())
            Learn(job);
    }

    private void Learn(Isobar.Protocol.Jobs.JobStatus job)
    {
        var wall = ((job.Ended ?? DateTimeOffset.UtcNow) - job.Started).TotalSeconds;
        var end = new JobEnd(ProgramHash.Of(job.Command), job.CpuSeconds * policies.Load.CoreSpeedFactor, wall, job.ResidentBytes, 0, job.Processes);
        policies.Learn(in end);
    }

    /// <summary>Counts the lives of this node's daemon, so that others tell its news from that of the life before.</summary>
    private uint NextIncarnation()
    {
        var file = Path.Combine(runtime.Options.StateDirectory, "lives");
        var last = File.Exists(file) && uint.TryParse(File.ReadAllText(file), NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : 0;
        SecretFile.Write(file, (last + 1).ToString(CultureInfo.InvariantCulture), SecretFile.Readable);
        return last + 1;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "load: a look failed: {Reason}")]
    private partial void LogBeat(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "gossip: {Trouble}")]
    private partial void LogTrouble(string trouble);
}

/// <summary>What lives as long as the node's membership in one cluster.</summary>
internal sealed class ClusterLife(ActiveCluster cluster, ILoggerFactory logs, TimeProvider time) : IAsyncDisposable
{
    private HashSet<string> _members = [.. cluster.Roster.Current.Nodes.Values.Select(node => node.Fingerprint)];

    public ActiveCluster Cluster => cluster;

    public GossipKeys Keys { get; } = new(cluster.Store, cluster.Folder, logs.CreateLogger<GossipKeys>(), time);

    public SettingsFollower Settings { get; } = new(cluster.Store, cluster.Folder, logs.CreateLogger<SettingsFollower>());

    public GossipSocket? Socket { get; set; }

    /// <summary>Why there is no socket.</summary>
    public string? Trouble { get; set; }

    /// <summary>Takes the members of a new roster; true when one of the old ones is gone.</summary>
    public bool TakeMembers(MemberRoster roster)
    {
        var now = roster.Nodes.Values.Select(node => node.Fingerprint).ToHashSet();
        var somebodyLeft = !_members.IsSubsetOf(now);
        _members = now;
        return somebodyLeft;
    }

    public async ValueTask DisposeAsync()
    {
        if (Socket is { } socket)
            await socket.DisposeAsync();
        await Keys.DisposeAsync();
        await Settings.DisposeAsync();
    }
}
