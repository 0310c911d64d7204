using Isobar.Balancing.Load;

namespace Isobar.Balancing.Consideration;

/// <summary>
/// Everything that a rule may look at, at one moment. It holds no copy: it lives on the caller's stack for the time of one call.
/// </summary>
public readonly ref struct Snapshot
{
    private readonly ref readonly LoadEntry _self;
    private readonly ref readonly NodeState _state;

    public Snapshot(
        Instant now,
        in LoadEntry self,
        in NodeState state,
        ReadOnlySpan<JobInfo> jobs,
        ReadOnlySpan<LoadEntry> others,
        CostModel costs,
        Roster roster)
    {
        Now = now;
        _self = ref self;
        _state = ref state;
        Jobs = jobs;
        Others = others;
        Costs = costs;
        Roster = roster;
    }

    public Instant Now { get; }

    /// <summary>The node's own entry as it would tell it now.</summary>
    public ref readonly LoadEntry Self => ref _self;

    public ref readonly NodeState State => ref _state;

    /// <summary>Jobs that are here: running, suspended, frozen, of this home or guests.</summary>
    public ReadOnlySpan<JobInfo> Jobs { get; }

    /// <summary>What is known of others, old news included; each entry tells its age.</summary>
    public ReadOnlySpan<LoadEntry> Others { get; }

    public CostModel Costs { get; }

    /// <summary>Members of the cluster, this node included, and their groups.</summary>
    public Roster Roster { get; }

    /// <summary>Where single jobs may run; null = every job everywhere.</summary>
    public JobLimits? Limits { get; init; }

    /// <summary>How much one CPU-bound process adds to <see cref="LoadEntry.Load"/> on a node, in the unit of the load calculator.</summary>
    public double OneProcessOn(in LoadEntry entry) => _state.IsLoadPerCapacity ? 1 / entry.Capacity : 1;
}
