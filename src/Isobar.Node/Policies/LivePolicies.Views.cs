using Isobar.Balancing.Consideration;
using Isobar.Balancing.Load;

namespace Isobar.Node.Policies;

/// <summary>A job here as a person wants to know it.</summary>
internal sealed record JobView(
    JobInfo Job, double ShareHere, double Ready, int Cores, double CostSeconds, IReadOnlyList<OtherView> Others, JobHold? Hold, bool IsKnown);

/// <summary>What another node would give it.</summary>
internal sealed record OtherView(string Node, bool IsOpen, string Words, double Share, double Age);

/// <content>For people.</content>
internal sealed partial class LivePolicies
{
    /// <summary>What the rules see of a job that is here; null when it is not, or outside of a cluster.</summary>
    public JobView? Describe(string name)
    {
        lock (_gate)
        {
            if (_set is not { } set)
                return null;
            var look = LookNow(set);
            var snapshot = look.Snapshot(set, costs.Model, _jobs);
            for (var i = 0; i < look.Count; i++)
            {
                var here = load.Jobs.Jobs[i];
                if (here.Name != name)
                    continue;
                var job = _jobs[i];
                var others = new List<OtherView>();
                foreach (ref readonly var entry in snapshot.Others)
                {
                    var isOpen = Targets.Takes(in snapshot, in entry, in job, ArrivesWithin) && Targets.HasRoom(in entry, job.ResidentBytes);
                    others.Add(new OtherView(set.Numbers.NameOf(entry.Node), isOpen, Closed(in snapshot, in entry, in job), Prediction.Of(in snapshot, in job, entry.Node).ShareThere, entry.Age(look.Now)));
                }

                var hold = IsHeld(name, look.Now) ? _holds[name] : null;
                return new JobView(
                    job, Prediction.Of(in snapshot, in job, set.Numbers.Self).ShareHere, look.State.ReadyNow, look.Self.Cores, snapshot.Costs.Seconds(in job), others, hold, facts.Of(here) is not null);
            }

            return null;
        }
    }

    /// <summary>What a node says of itself beside numbers.</summary>
    public static IEnumerable<string> FlagWords(NodeFlags flags)
    {
        if ((flags & NodeFlags.Dead) != 0)
            yield return "silent";
        if ((flags & NodeFlags.Leaving) != 0)
            yield return "drained";
        else if ((flags & NodeFlags.Blocked) != 0 && (flags & NodeFlags.OwnerPresent) == 0)
            yield return "blocked";
        if ((flags & NodeFlags.Reserved) != 0)
            yield return "reserved";
        if ((flags & NodeFlags.MemoryLow) != 0)
            yield return "memory-low";
        if ((flags & NodeFlags.OwnerPresent) != 0)
            yield return "owner";
    }

    private static string Closed(in Snapshot snapshot, in LoadEntry entry, in JobInfo job) =>
        !Targets.IsOpen(in entry, snapshot.Now, double.PositiveInfinity) ? string.Join(", ", FlagWords(entry.Flags))
        : snapshot.Limits?.Allows(job.Id, entry.Node) == false ? "the job may not be there"
        : entry.Age(snapshot.Now) > ArrivesWithin ? "its news is too old"
        : !Targets.HasRoom(in entry, job.MinMemoryBytes) ? "it has not the memory that the user wants"
        : !Targets.HasRoom(in entry, job.ResidentBytes) ? "it has not the memory" : "open";
}
