using Isobar.Balancing;
using Isobar.Balancing.Consideration;
using Isobar.Protocol.Balance;

namespace Isobar.Node.Policies;

/// <content>
/// The manager of a central profile (Condor's negotiator, Sprite's global migd, GLUnix' master, Amoeba's run server): it alone hears of all, so it says where jobs
/// run. Each machine still looks after what runs on it, as Condor's and Sprite's daemons did.
/// </content>
internal sealed partial class LivePolicies
{
    private double _ownPlaced;
    private int _ownPlacedGuests;
    private Instant _ownPlacedUntil = Instant.Never;

    /// <summary>The node that says where jobs of this profile run, and that is not this one; null = this node decides.</summary>
    public string? ManagerElsewhere
    {
        get
        {
            lock (_gate)
                return _set is { } set && set.Manager is { IsNone: false } manager && manager != set.Numbers.Self ? set.Numbers.NameOf(manager) : null;
        }
    }

    /// <summary>The manager's answer: where a job of another node shall run, seen from there. It counts there at once, so that the next one who asks hears another name.</summary>
    /// <returns>No target when this node is not the manager or has not heard of the asker.</returns>
    public PlaceReply PlaceFor(string asker, PlaceRequest request)
    {
        lock (_gate)
        {
            var reply = new PlaceReply();
            if (_set is not { } set || set.Manager != set.Numbers.Self || set.Numbers.NumberOf(asker) is not { IsNone: false } from)
                return reply;
            if (!set.Protocol.View.TryGet(from, out var theirs))
                return reply;
            var look = LookNow(set);
            var others = new List<Balancing.Load.LoadEntry>(set.Protocol.View.Count + 1) { WithPlaced(set, look.Self, look.Now) };
            foreach (ref readonly var entry in set.Protocol.View.Entries)
            {
                if (entry.Node != from)
                    others.Add(entry);
            }

            var limits = new NodeJobLimits(set.Numbers, settings.ReservationOf);
            var job = JobOf(set, from, request, look.Now);
            limits.Add(job.Id, new JobLimit(request.Home, request.Uid, request.Nodes.Length == 0 ? null : Told(request.Nodes), null));
            var state = new NodeState { IsLoadPerCapacity = set.Load.IsPerCapacity, LocalLoad = theirs.Load, ReadyNow = theirs.Ready, LocalReady = theirs.Ready, OwnerIdleSeconds = theirs.OwnerIdleSeconds };
            var snapshot = new Snapshot(look.Now, in theirs, in state, [], System.Runtime.InteropServices.CollectionsMarshal.AsSpan(others), costs.Model, set.Numbers.Roster) { Limits = limits };
            var placement = set.Rules.Place(in snapshot, in job, ref _random);
            reply.Target = set.Numbers.NameOf(placement.Target);
            reply.Alternate = placement.Alternate.IsNone ? "" : set.Numbers.NameOf(placement.Alternate);
            reply.Reason = $"{placement.Reason.Describe(set.Numbers.NameOf, _ => request.Leaves ? request.Job : "it")}, says its manager {set.Numbers.NameOf(set.Numbers.Self)}";
            Count(set, placement.Target, in job, look.Now);
            return reply;
        }
    }

    /// <summary>A place for a job that must leave this node, by the profile's rules; null when they know none.</summary>
    public (string Target, string Words)? PlaceElsewhere(string name)
    {
        lock (_gate)
        {
            if (_set is not { } set)
                return null;
            var look = LookNow(set);
            if (IndexOf(IdOf(name), look.Count) is var index && (look.Count == 0 || _jobs[index].Id != IdOf(name)))
                return null;
            var snapshot = look.Snapshot(set, costs.Model, _jobs);
            var placement = set.Rules.Place(in snapshot, in _jobs[index], ref _random);
            if (placement.Target == set.Numbers.Self)
                return null;
            Count(set, placement.Target, in _jobs[index], look.Now);
            return (set.Numbers.NameOf(placement.Target), placement.Reason.Describe(set.Numbers.NameOf, _ => name));
        }
    }

    /// <summary>What the manager must know of a job that leaves this node.</summary>
    public PlaceRequest RequestOf(Wish wish)
    {
        var nodes = "";
        lock (_gate)
        {
            foreach (var job in load.Jobs.Jobs)
            {
                if (job.Name == wish.Job)
                    nodes = facts.Of(job)?.Status.Nodes ?? "";
            }
        }

        return new PlaceRequest
        {
            Job = wish.Job,
            Home = Isobar.Protocol.Jobs.JobId.Parse(wish.Job).Home,
            Uid = (uint)wish.Info.User,
            Priority = wish.Info.Priority,
            Program = wish.Info.Program,
            CpuSeconds = wish.Info.CpuSeconds,
            ResidentBytes = wish.Info.ResidentBytes,
            MinMemoryBytes = wish.Info.MinMemoryBytes,
            Nodes = nodes,
            Leaves = true,
        };
    }

    private static JobInfo JobOf(PolicySet set, NodeId from, PlaceRequest request, Instant now) => new()
    {
        Id = request.Leaves ? IdOf(request.Job) : default,
        Home = set.Numbers.NumberOf(request.Home),
        Node = from,
        Priority = PriorityOf(request.Priority),
        User = (int)request.Uid,
        Program = request.Program,
        CpuSeconds = request.CpuSeconds,
        ResidentBytes = request.ResidentBytes,
        MinMemoryBytes = request.MinMemoryBytes,
        Tasks = 1,
        Started = now,
        ArrivedHere = now,
        StateSince = Instant.Never,
    };

    private void Count(PolicySet set, NodeId target, in JobInfo job, Instant now)
    {
        var guests = target == job.Home ? 0 : 1;
        if (target != set.Numbers.Self)
        {
            Charge(set, target, Targets.Tasks(in job), job.ResidentBytes, guests);
            return;
        }

        // The manager hears its own news at once; those of the others come a step later, and so long its own promise counts.
        if (now > _ownPlacedUntil)
            (_ownPlaced, _ownPlacedGuests) = (0, 0);
        _ownPlaced += Targets.Tasks(in job);
        _ownPlacedGuests += guests;
        _ownPlacedUntil = now + Math.Min(set.Protocol.PeriodSeconds, ArrivesWithin);
    }

    private Balancing.Load.LoadEntry WithPlaced(PolicySet set, Balancing.Load.LoadEntry own, Instant now)
    {
        if (now > _ownPlacedUntil || _ownPlaced <= 0)
            return own;
        // What of it has come is measured already: the larger of both counts, not their sum.
        own.Guests = (ushort)Math.Max(own.Guests, _ownPlacedGuests);
        var missing = Math.Max(0, _ownPlaced - own.Ready);
        own.Ready += (float)missing;
        own.Load += (float)(set.Load.IsPerCapacity && own.Capacity > 0 ? missing / own.Capacity : missing);
        return own;
    }
}
