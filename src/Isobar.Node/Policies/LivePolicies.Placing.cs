using Isobar.Balancing;
using Isobar.Balancing.Consideration;
using Isobar.Balancing.Load;
using Isobar.Node.Jobs;
using Isobar.Protocol.Balance;
using Isobar.Protocol.Jobs;

namespace Isobar.Node.Policies;

/// <content>Where new jobs start, and what this node answers when one is offered.</content>
internal sealed partial class LivePolicies
{
    /// <summary>A job that was accepted and does not come within this time has been given up by its home.</summary>
    private const double ArrivesWithin = 30;

    /// <summary>The same for a new job.</summary>
    private const double StartsWithin = 3;

    private readonly Dictionary<string, (Instant Until, string Reason)> _comeFrozen = [];

    /// <summary>Where a new job shall start; null outside of a cluster.</summary>
    /// <param name="spec">The program.</param>
    /// <param name="isPlain">Where it gets most, whatever the profile's rules say.</param>
    /// <param name="advice">What the manager of a central profile said; null = this node decides.</param>
    /// <exception cref="JobException">Nowhere: no machine that it may use takes it.</exception>
    public Placed? Place(JobSpec spec, bool isPlain, PlaceReply? advice = null)
    {
        lock (_gate)
        {
            if (_set is not { } set)
                return null;
            var look = LookNow(set);
            // Closed to guests is not closed to what its own users start.
            look.Self.Flags &= ~(NodeFlags.Blocked | NodeFlags.OwnerPresent);
            var self = set.Numbers.NameOf(set.Numbers.Self);
            var limit = LimitOf(self, spec);
            var limits = look.Limits = new NodeJobLimits(set.Numbers, settings.ReservationOf);
            limits.Add(default, limit);
            var snapshot = look.Snapshot(set, costs.Model, _jobs);
            var job = new JobInfo
            {
                Home = set.Numbers.Self,
                Node = set.Numbers.Self,
                Priority = PriorityOf(spec.Priority),
                Program = ProgramHash.Of(spec.CommandLine),
                Tasks = 1,
                MinMemoryBytes = spec.MinMemoryBytes,
                Started = look.Now,
                ArrivedHere = look.Now,
                StateSince = Instant.Never,
            };
            var placement = advice is not null ? AdvisedBy(set, advice)
                : isPlain ? PlaceByShare(set, in snapshot, in job) : set.Rules.Place(in snapshot, in job, ref _random);
            var (target, words) = (placement.Target, advice?.Reason ?? placement.Reason.Describe(set.Numbers.NameOf, static _ => "it"));
            var homeRefuses = IsDrained ? $"{self} is drained"
                : limits.Refusal(limit, self) is { } refusal ? refusal
                : spec.MinMemoryBytes > _sample.FreeMemoryBytes ? $"{self} has not the memory that its user wants" : null;
            // The manager knows the others and has looked; what is known here may be of yesterday.
            var isFit = target == set.Numbers.Self ? homeRefuses is null : advice is not null || IsFit(in snapshot, in job, target);
            if (!isFit)
            {
                if (Targets.LeastLoaded(in snapshot, in job, ArrivesWithin) is >= 0 and var other)
                    (target, words) = (snapshot.Others[other].Node, target == set.Numbers.Self ? $"it starts on {set.Numbers.NameOf(snapshot.Others[other].Node)}: {homeRefuses}" : $"it starts on {set.Numbers.NameOf(snapshot.Others[other].Node)}: {set.Numbers.NameOf(target)} does not take it");
                else if (homeRefuses is null || IsDrained)
                    (target, words) = (set.Numbers.Self, "it starts here: no other machine that it may use takes it now");
                else
                    throw new JobException($"no machine takes the job now: {homeRefuses}, and no other one that it may use is open and has the memory; isobar nodes --age shows them.");
            }

            var predicted = Prediction.Of(in snapshot, in job, target);
            var alternate = placement.Alternate.IsNone || (advice is null && !IsFit(in snapshot, in job, placement.Alternate)) ? null : set.Numbers.NameOf(placement.Alternate);
            return new Placed(set.Numbers.NameOf(target), alternate, words, predicted, IsDrained ? null : homeRefuses);
        }
    }

    /// <summary>Whether a machine that a job may use has told nothing of itself yet, as it is for a moment after a start of this daemon or a change of the profile.</summary>
    public bool AwaitsNews(JobSpec spec)
    {
        lock (_gate)
        {
            if (_set is not { } set)
                return false;
            var (roster, self) = (set.Numbers.Roster, set.Numbers.Self);
            var (limits, limit) = (new NodeJobLimits(set.Numbers, settings.ReservationOf), LimitOf(set.Numbers.NameOf(self), spec));
            for (var i = 0; i < roster.Count; i++)
            {
                if (roster[i] != self && set.Protocol.View.IndexOf(roster[i]) < 0 && limits.Refusal(limit, set.Numbers.NameOf(roster[i])) is null)
                    return true;
            }

            return false;
        }
    }

    /// <summary>Whether this node takes a job that another one offers; an accepted one counts as on its way.</summary>
    public (bool Accepted, string Reason) Judge(string name, JobOffer offer, int atOnce)
    {
        var (job, placement) = (offer.Job, offer.Placement);
        lock (_gate)
        {
            if (_set is not { } set)
                return (false, "this node is in no cluster.");
            if (job.MinMemoryBytes > _sample.FreeMemoryBytes && job.Home != set.Numbers.Self)
                return (false, $"{set.Numbers.NameOf(set.Numbers.Self)} has not the memory that the user of {name} wants.");
            var look = LookNow(set);
            // What must leave where it is, is refused only for want of room.
            var coming = _arriving.Values.Count(arrival => arrival.IsMove);
            if (!placement && !offer.Forced && coming >= Math.Max(1, atOnce) && !_arriving.ContainsKey(name))
                return (false, $"{coming} jobs are on their way to {set.Numbers.NameOf(set.Numbers.Self)} already.");
            var snapshot = look.Snapshot(set, costs.Model, _jobs);
            var acceptance = set.All.Judge(in snapshot, in offer);
            if (acceptance is { Accepted: true, Suspended: true } && !placement)
                _comeFrozen[name] = (look.Now + ArrivesWithin, acceptance.Reason.Describe(set.Numbers.NameOf, _ => name));
            // A new job has no name yet; it is here, and counted by its threads, within moments.
            if (acceptance.Accepted)
                _arriving[placement ? $"{name} {++_placements}" : name] = (look.Now + (placement ? StartsWithin : ArrivesWithin), job.ResidentBytes, IsMove: !placement);
            return (acceptance.Accepted, acceptance.Reason.Describe(set.Numbers.NameOf, _ => name));
        }
    }

    private static Placement AdvisedBy(PolicySet set, PlaceReply advice) =>
        new(set.Numbers.NumberOf(advice.Target), advice.Alternate.Length == 0 ? NodeId.None : set.Numbers.NumberOf(advice.Alternate), default);

    /// <summary>What was taken in only to stand still here is made to as soon as it is seen.</summary>
    private void AddComeFrozen(PolicySet set, in LiveLook look, in Snapshot snapshot, List<Wish> wishes)
    {
        if (_comeFrozen.Count == 0)
            return;
        for (var i = 0; i < look.Count; i++)
        {
            var name = load.Jobs.Jobs[i].Name;
            if (!_jobs[i].IsRunning || wishes.Exists(wish => wish.Job == name) || !_comeFrozen.Remove(name, out var frozen))
                continue;
            wishes.Add(new Wish(ActionKind.Freeze, name, set.Numbers.NameOf(set.Numbers.Self), null, "freeze", frozen.Reason, _jobs[i], Prediction.Of(in snapshot, in _jobs[i], set.Numbers.Self), Ground.Need));
        }

        foreach (var (name, frozen) in _comeFrozen)
        {
            if (look.Now > frozen.Until)
                _comeFrozen.Remove(name);
        }
    }
}
