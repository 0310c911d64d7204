using Isobar.Balancing.Profiles;
using Isobar.Linux.Threads;
using Isobar.Node.Decisions;
using Isobar.Node.Gossip;
using Isobar.Node.Load;
using Isobar.Node.Policies;
using Trigger = Isobar.Balancing.Consideration.Trigger;

namespace Isobar.Node.Life;

/// <summary>The daemon's beat: samples the load, gives the dissemination stage its steps and has the jobs considered, each at the pace of the profile.</summary>
/// <param name="policies">What is sampled and asked.</param>
/// <param name="balancer">Who carries out what the rules want.</param>
/// <param name="facts">What homes tell of guests.</param>
/// <param name="socket">Where datagrams go; null while there is none.</param>
/// <param name="log">For looks that fail.</param>
internal sealed partial class Pulse(LivePolicies policies, Balancer balancer, JobFacts facts, Func<GossipSocket?> socket, ILogger log)
{
    private const double FactsEvery = 4;
    private const double FirstEvery = 0.95;
    private const double SecondsPerMinute = 60;

    private Profile? _paced;
    private double _nextTick;
    private double _nextConsideration;
    private double _nextFirst;
    private double _nextFacts;
    private volatile bool _hasNews;

    /// <summary>Others have told something since the last beat.</summary>
    public void NoteNews() => _hasNews = true;

    /// <summary>Beats until it is cancelled. On a thread of its own: the way over a timer and the pool wakes up three threads for each beat, and there are several a second for as long as the daemon lives.</summary>
    public Task RunAsync(CancellationToken cancellation) => WaitingThreads.RunAsync("isobar-pulse", () =>
    {
        try
        {
            do
                Beat(cancellation);
            while (!cancellation.WaitHandle.WaitOne(Step()));
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The daemon stops.
        }
    });

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

            if (socket() is { } outbox && now >= _nextTick)
            {
                _nextTick = Math.Max(_nextTick + set.Protocol.PeriodSeconds, now);
                policies.Tick(outbox);
            }

            if (now >= _nextFacts || arrived)
            {
                _nextFacts = now + FactsEvery;
                if (policies.Load.Jobs.Jobs.Count > 0)
                    _ = facts.RefreshAsync([.. policies.Load.Jobs.Jobs], cancellation);
            }

            Consider(set, now, arrived, departed, cancellation);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellation.IsCancellationRequested)
        {
            // One bad look must not end the looking, and the daemon with it.
            LogBeat(log, e.ToString());
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
            _nextFirst = now + FirstEvery;
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
        _nextFirst = now + FirstEvery;
        balancer.Consider(Trigger.Periodic, onlyFirst: false, cancellation);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "load: a look failed: {Reason}")]
    private static partial void LogBeat(ILogger log, string reason);
}
