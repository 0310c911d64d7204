using Isobar.Balancing;
using Isobar.Balancing.Consideration;
using Isobar.Node.Load;
using Isobar.Protocol.Jobs;
using PolicyJobId = Isobar.Balancing.Consideration.JobId;

namespace Isobar.Node.Policies;

/// <content>What the rules are shown, and what they answer.</content>
internal sealed partial class LivePolicies
{
    /// <summary>Below this share of its memory free, a node says that it is short of it.</summary>
    private const double LowMemoryShare = 0.05;

    /// <summary>Asks the rules about the jobs that are here.</summary>
    /// <param name="trigger">Why now.</param>
    /// <param name="onlyFirst">Only the rules that go before the profile's: the owner, and where jobs may be.</param>
    /// <returns>What they want, and why jobs stay; null outside of a cluster or with nothing here to decide about.</returns>
    public Considered? Consider(Trigger trigger, bool onlyFirst = false)
    {
        lock (_gate)
        {
            if (_set is not { } set || (load.Jobs.Jobs.Count == 0 && !set.WatchesOwner))
                return null;
            var look = LookNow(set);
            var snapshot = look.Snapshot(set, costs.Model, _jobs);
            Rules(set, onlyFirst).Decide(in snapshot, IsDrained ? Trigger.Leaving : trigger, ref _random, _plan);
            var wishes = new List<Wish>(_plan.Actions.Length);
            var forbidden = new List<(string Job, string Reason)>();
            foreach (ref readonly var action in _plan.Actions)
            {
                if (NameOf(action.Job) is not { } name)
                    continue;
                if (action.Kind == ActionKind.Move && look.Limits?.Allows(action.Job, action.To) == false)
                    forbidden.Add((name, $"{Words(set, action.Reason)}; but it may not be on {set.Numbers.NameOf(action.To)}"));
                else if (set.Forbids(in action))
                    forbidden.Add((name, $"{Words(set, action.Reason)}; but the profile moves nothing later"));
                else
                    wishes.Add(WishOf(set, in look, in snapshot, in action, name));
            }

            var stays = new List<(string Job, string Reason)>(_plan.Stays.Count);
            foreach (var reason in _plan.Stays)
                stays.Add((NameOf(reason.Job) ?? "", Words(set, in reason)));
            stays.AddRange(forbidden);
            AddComeFrozen(set, in look, in snapshot, wishes);
            if (!set.TakesTurns)
                AddBroughtForward(set, in look, in snapshot, wishes);
            return new Considered(wishes, stays);
        }
    }

    // What an earlier profile left in the background nobody else brings forward.
    private void AddBroughtForward(PolicySet set, in LiveLook look, in Snapshot snapshot, List<Wish> wishes)
    {
        for (var i = 0; i < look.Count; i++)
        {
            ref readonly var job = ref _jobs[i];
            var name = load.Jobs.Jobs[i].Name;
            if (job.Has(JobFlags.Background) && job.IsRunning && !wishes.Exists(wish => wish.Job == name))
                wishes.Add(new Wish(ActionKind.Foreground, name, set.Numbers.NameOf(set.Numbers.Self), null, "in-turn", $"{name} shares like the others: the profile lets nobody wait for a turn", job, Prediction.Of(in snapshot, in job, set.Numbers.Self), Ground.Need));
        }
    }

    /// <summary>Remembers work that was just sent to a node, which its news do not tell yet.</summary>
    /// <param name="node">The node.</param>
    /// <param name="tasks">Tasks that it gets by that.</param>
    /// <param name="memoryBytes">Memory that they need.</param>
    /// <param name="guests">How many of them are guests there.</param>
    public void Expect(string node, double tasks, long memoryBytes, int guests)
    {
        lock (_gate)
        {
            if (_set is not { } set || set.Numbers.NumberOf(node) is not { IsNone: false } number)
                return;
            Charge(set, number, tasks, memoryBytes, guests);
        }
    }

    private static void Charge(PolicySet set, NodeId node, double tasks, long memoryBytes, int guests)
    {
        set.Protocol.View.TryGet(node, out var entry);
        var load = set.Load.IsPerCapacity && entry.Capacity > 0 ? tasks / entry.Capacity : tasks;
        set.Protocol.View.Expect(node, MachineLoad.Now, tasks, load, memoryBytes, guests);
    }

    /// <summary>A move of this job begins: no rule considers it again before it ends.</summary>
    public bool TryBeginMove(string job, int atOnce)
    {
        lock (_gate)
        {
            if (_moving.Count >= atOnce || !_moving.Add(job))
                return false;
            _lastMoveStarted = MachineLoad.Now;
            return true;
        }
    }

    /// <summary>It ended; a failure keeps the rules from this job for a while, longer each time.</summary>
    /// <param name="job">The job.</param>
    /// <param name="failure">Why nothing came of it; null = it moved.</param>
    /// <param name="pause">Seconds without another try; longer after each failure.</param>
    /// <param name="isRefusal">The target did not want it: that is over as soon as the target's load is, so the pause does not grow.</param>
    public void EndMove(string job, string? failure, double pause, bool isRefusal)
    {
        lock (_gate)
        {
            _moving.Remove(job);
            if (failure is null)
            {
                _holds.Remove(job);
                _left[job] = MachineLoad.Now;
            }
            else
            {
                _holds[job] = JobHold.After(isRefusal ? null : _holds.GetValueOrDefault(job), MachineLoad.Now, failure, pause);
            }
        }
    }

    private LiveLook LookNow(PolicySet set)
    {
        var now = MachineLoad.Now;
        foreach (var (job, arrival) in _arriving)
        {
            if (now > arrival.Until)
                _arriving.Remove(job);
        }

        var count = CopyJobs(set, now);
        var state = new NodeState
        {
            ReadyNow = ReadyWithoutNoise(set),
            OwnerLoad = load.OwnerCpus,
            OwnerIdleSeconds = owner.IdleSeconds,
            FreeMemoryBytes = Math.Max(0, _sample.FreeMemoryBytes - Promised()),
            TotalMemoryBytes = _sample.TotalMemoryBytes,
            MemoryFillBytesPerSecond = load.Jobs.GrowthBytesPerSecond,
            UsedProcessSlots = load.Look.Threads,
            MaxProcessSlots = load.Look.MaxThreads,
            LowPriorityLoad = GuestsLoad(set),
            LastMoveStarted = _lastMoveStarted,
            MovesInProgress = _moving.Count,
            ArrivalsInProgress = _arriving.Count,
            Leaving = IsDrained || admin.IsExpelling || admin.IsClosing,
        };
        state.TakeLoad(set.Load);
        var self = set.Load.ToEntry(set.Numbers.Self, _incarnation, _sequence, in _sample);
        return new LiveLook { Now = now, Self = self, State = state, Count = count, Limits = LimitsOf(set) };
    }

    // What was accepted will need its memory, whatever of it has come by now.
    private long Promised()
    {
        long bytes = 0;
        foreach (var (_, arrival) in _arriving)
            bytes += arrival.Bytes;
        return bytes;
    }

    // One look at the run queue sees one thread more or less by chance; the mean of the last period is what a rule means by "at this moment".
    private double ReadyWithoutNoise(PolicySet set) => set.Load.LocalReady > 0 || _sequence > 0 ? set.Load.LocalReady : _sample.Ready;

    // Guests run at the lowest weight, as Sprite's foreign processes did: they do not make their host a busy one.
    private double GuestsLoad(PolicySet set)
    {
        var tasks = 0.0;
        foreach (var job in load.Jobs.Jobs)
            tasks += job.IsHome ? 0 : job.Wants;
        return set.Load.IsPerCapacity && set.Load.Cores.Capacity > 0 ? tasks / set.Load.Cores.Capacity : tasks;
    }

    private int CopyJobs(PolicySet set, Instant now)
    {
        var here = load.Jobs.Jobs;
        if (_jobs.Length < here.Count)
            Array.Resize(ref _jobs, Math.Max(here.Count, _jobs.Length * 2));
        for (var i = 0; i < here.Count; i++)
            _jobs[i] = InfoOf(set, here[i], now);
        return here.Count;
    }

    private JobInfo InfoOf(PolicySet set, JobHere job, Instant now)
    {
        var fact = facts.Of(job);
        var factor = load.CoreSpeedFactor;
        return new JobInfo
        {
            Id = IdOf(job.Name),
            Home = set.Numbers.NumberOf(Isobar.Protocol.Jobs.JobId.Parse(job.Name).Home),
            Node = set.Numbers.Self,
            Flags = FlagsOf(job, fact, now),
            Priority = PriorityOf(fact?.Status.Priority ?? 0),
            MinMemoryBytes = fact?.Status.MinMemoryBytes ?? 0,
            User = (int)(fact?.Status.Uid ?? 0),
            Program = fact is null ? 0 : ProgramHash.Of(fact.Status.Command),
            CpuSeconds = ((fact?.EarlierCpuSeconds ?? 0) + job.Use.CpuSeconds) * factor,
            CpuSecondsHere = job.Use.CpuSeconds * factor,
            Load = Math.Max(job.Cpus, Math.Min(job.Wants, job.Use.Processes)) * factor,
            Tasks = (float)job.Wants,
            ResidentBytes = job.Use.ResidentBytes,
            HomeIoBytesPerSecond = job.HomeIoBytesPerSecond,
            Forks = job.Use.Processes,
            Started = fact is null ? job.Since : now - Math.Max(0, (DateTimeOffset.UtcNow - fact.Status.Started).TotalSeconds),
            ArrivedHere = job.Since,
            LastCheckpoint = job.Since,
            StateSince = StateSinceOf(job.Name),
            Moves = fact?.Status.Moves ?? 0,
        };
    }

    private JobFlags FlagsOf(JobHere job, JobFact? fact, Instant now)
    {
        var flags = JobFlags.NoCheckpoint;
        if (fact is null || fact.Status.State is not (JobState.Running or JobState.Stopped or JobState.Moving) || IsHeld(job.Name, now))
            flags |= JobFlags.Immobile;
        else if (_moving.Contains(job.Name) || fact.Status.State == JobState.Moving || HasLeft(job))
            flags |= JobFlags.Moving;
        // An administrator who empties a machine means all. An owner who comes back does not: what shall stay stands still.
        var mayStay = IsDrained || admin.IsExpelling || admin.IsClosing ? JobFlags.Pinned : JobFlags.Immobile;
        if (fact?.Status.Stay == true)
            flags |= mayStay;
        if (fact?.Status.MaxMoves is { } most && fact.Status.Moves >= most)
            flags |= mayStay;
        if (fact?.Status.Chosen == true)
            flags |= JobFlags.Pinned;
        if (fact?.Status.State == JobState.Stopped)
            flags |= JobFlags.Stopped;
        if (HoldOf(job, fact) is { } hold)
            flags |= hold.Kind switch
            {
                HoldKind.Frozen => JobFlags.Frozen,
                HoldKind.Background => JobFlags.Background,
                _ => JobFlags.Suspended,
            };
        return flags;
    }

    // Its last process is seen here for up to a look after it has gone on elsewhere.
    private bool HasLeft(JobHere job) => _left.TryGetValue(job.Name, out var left) && job.Since < left;

    private bool IsHeld(string job, Instant now) => _holds.TryGetValue(job, out var hold) && now < hold.Until;

    private string? NameOf(PolicyJobId id)
    {
        foreach (var job in load.Jobs.Jobs)
        {
            if (IdOf(job.Name) == id)
                return job.Name;
        }

        return null;
    }

    private string Words(PolicySet set, in Reason reason) => reason.Describe(set.Numbers.NameOf, id => NameOf(id) ?? "it");

    internal static PolicyJobId IdOf(string job) => new((long)(ProgramHash.Fnv(job) & long.MaxValue));

    private Wish WishOf(PolicySet set, in LiveLook look, in Snapshot snapshot, in PlannedAction action, string name)
    {
        var job = _jobs[IndexOf(action.Job, look.Count)];
        return new Wish(
            action.Kind,
            name,
            set.Numbers.NameOf(action.To),
            action.Alternate.IsNone ? null : set.Numbers.NameOf(action.Alternate),
            action.Reason.Rule,
            Words(set, action.Reason),
            job,
            Prediction.Of(in snapshot, in job, action.To),
            action.Ground)
        {
            AlternatePredicted = action.Alternate.IsNone ? null : Prediction.Of(in snapshot, in job, action.Alternate),
            Bytes = action.Bytes,
            StandsStillMeanwhile = action.StandsStillMeanwhile,
        };
    }

    private int IndexOf(PolicyJobId id, int count)
    {
        for (var i = 0; i < count; i++)
        {
            if (_jobs[i].Id == id)
                return i;
        }

        return 0;
    }
}
