using Isobar.Balancing;
using Isobar.Balancing.Consideration;
using Isobar.Node.Load;
using Isobar.Protocol.Jobs;
using Isobar.Protocol.Naming;

namespace Isobar.Node.Policies;

/// <content>Where jobs may run, how important they are, and which of them stand still.</content>
internal sealed partial class LivePolicies
{
    private readonly Dictionary<string, (Hold? Hold, Instant Since)> _still = [];
    private readonly Dictionary<string, NodeExpression> _expressions = [];

    /// <summary>Whether this node holds a job back, or let it go on, before its home tells so.</summary>
    /// <param name="job">The job.</param>
    /// <param name="hold">How it is held back; null = it goes on.</param>
    public void NoteHold(string job, Hold? hold)
    {
        lock (_gate)
            _still[job] = (hold, MachineLoad.Now);
    }

    /// <summary>Whether a job of this home may run on a node by its user's wish and by reservations; null, or why not.</summary>
    public string? LimitRefusal(string home, JobSpec spec, string node)
    {
        lock (_gate)
            return _set is { } set ? new NodeJobLimits(set.Numbers, settings.ReservationOf).Refusal(LimitOf(home, spec), node) : null;
    }

    private static byte PriorityOf(int priority) => priority is >= JobPriority.Highest and <= JobPriority.Lowest ? (byte)priority : (byte)JobPriority.Normal;

    /// <summary>How a job is held back; null when it is not. What was done here is known here first; what the home says later counts.</summary>
    private Hold? HoldOf(JobHere job, JobFact? fact)
    {
        var told = fact?.Status.Held;
        var isKnown = _still.TryGetValue(job.Name, out var noted);
        var isPast = isKnown && (noted.Since < job.Since || (fact is not null && fact.At > noted.Since && told?.Kind != noted.Hold?.Kind));
        if (isKnown && !isPast)
            return noted.Hold;
        if (told is not null)
            _still[job.Name] = (told, MachineLoad.Now);
        else if (isPast)
            _still.Remove(job.Name);
        return told;
    }

    private Instant StateSinceOf(string job) => _still.TryGetValue(job, out var noted) && noted.Hold is not null ? noted.Since : Instant.Never;

    private NodeJobLimits? LimitsOf(PolicySet set)
    {
        NodeJobLimits? limits = null;
        var all = settings.HasReservations;
        foreach (var job in load.Jobs.Jobs)
        {
            if (facts.Of(job)?.Status is not { } status || (!all && status.Nodes is null))
                continue;
            var home = Isobar.Protocol.Jobs.JobId.Parse(job.Name).Home;
            limits ??= new NodeJobLimits(set.Numbers, settings.ReservationOf);
            limits.Add(IdOf(job.Name), new JobLimit(home, status.Uid, Told(status.Nodes), status.Chosen ? status.Node : null));
        }

        return limits;
    }

    private JobLimit LimitOf(string home, JobSpec spec) => new(home, spec.Uid, ExpressionOf(spec.Nodes), null);

    // What another home tells is read as far as it can be: one bad word of one job must not stop the looking at all.
    private NodeExpression? Told(string? text)
    {
        try
        {
            return ExpressionOf(text);
        }
        catch (NodeExpressionException)
        {
            return null;
        }
    }

    private NodeExpression? ExpressionOf(string? text)
    {
        const int most = 1000;
        if (text is null)
            return null;
        if (_expressions.TryGetValue(text, out var known))
            return known;
        if (_expressions.Count > most)
            _expressions.Clear();
        return _expressions[text] = NodeExpression.Parse(text);
    }

    private static readonly ReasonForm Most = new("none", "{job} starts on {node}: of the machines that it may use that is where one more process gets most");

    private Placement PlaceByShare(PolicySet set, in Snapshot snapshot, in JobInfo job)
    {
        var best = set.Numbers.Self;
        var least = snapshot.Limits?.Allows(job.Id, best) == false || job.MinMemoryBytes > _sample.FreeMemoryBytes ? double.PositiveInfinity : 1 / Prediction.Of(in snapshot, in job, best).ShareHere;
        if (Targets.Fastest(in snapshot, in job, ArrivesWithin, NodeId.None, ref _random, out var slowdown) is >= 0 and var other && slowdown < least)
            best = snapshot.Others[other].Node;
        return new Placement(best, NodeId.None, Most.With(job.Id, best));
    }

    /// <summary>How many guests stand still here.</summary>
    public int SuspendedGuests()
    {
        lock (_gate)
            return load.Jobs.Jobs.Count(job => !IsOfThisHome(job.Name) && HoldOf(job, facts.Of(job)) is { IsStill: true });
    }

    private static bool IsFit(in Snapshot snapshot, in JobInfo job, NodeId target) =>
        Targets.Find(in snapshot, target) is >= 0 and var index
            ? Targets.Takes(in snapshot, in snapshot.Others[index], in job, double.PositiveInfinity)
            : snapshot.Limits?.Allows(job.Id, target) != false;
}
