using Isobar.Balancing;
using Isobar.Balancing.Consideration;
using Isobar.Balancing.Dissemination;
using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;
using Isobar.Node.Load;

namespace Isobar.Node.Policies;

/// <summary>
/// The policies of this node at work: takes samples and messages in, gives entries, plans and answers out. Everything happens under one lock and nothing in it
/// waits, so that what a decision sees is of one moment.
/// </summary>
internal sealed partial class LivePolicies(MachineLoad load, JobFacts facts, MoveCosts costs) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Plan _plan = new(explains: true);
    private readonly Dictionary<string, (Instant Until, long Bytes)> _arriving = [];
    private readonly Dictionary<string, JobHold> _holds = [];
    private readonly HashSet<string> _moving = [];
    private PolicySet? _set;
    private RandomSource _random = new((ulong)Random.Shared.NextInt64());
    private long _placements;
    private uint _incarnation;
    private uint _sequence;
    private LoadSample _sample;
    private Instant _published = Instant.Never;
    private Instant _lastMoveStarted = Instant.Never;
    private JobInfo[] _jobs = new JobInfo[16];
    private bool _isDrained;

    /// <summary>The number of this life of the node's daemon.</summary>
    public uint Incarnation
    {
        get => _incarnation;
        set => _incarnation = value;
    }

    public MoveCosts Costs => costs;

    public MachineLoad Load => load;

    /// <summary>The stages as they run now; null outside of a cluster.</summary>
    public PolicySet? Set => Volatile.Read(ref _set);

    /// <summary>Everything that can must leave, and nothing comes in.</summary>
    public bool IsDrained
    {
        get => Volatile.Read(ref _isDrained);
        set => Volatile.Write(ref _isDrained, value);
    }

    /// <summary>Uses this profile for these members from now on; null members = no cluster.</summary>
    public void Use(Profile profile, NodeNumbers? numbers, double wantedAge)
    {
        lock (_gate)
        {
            var set = numbers is null || numbers.Self.IsNone ? null : PolicySet.Create(_set, profile, numbers, load.Cores, wantedAge);
            Volatile.Write(ref _set, set);
            _published = Instant.Never;
        }
    }

    /// <summary>Looks at the machine, and tells the dissemination stage when the period of the load is over.</summary>
    public void Sample(out bool arrived, out bool departed)
    {
        lock (_gate)
        {
            _sample = load.Sample(out arrived, out departed);
            if (_set is not { } set)
                return;
            if (!ReferenceEquals(set.Load.Cores, load.Cores))
                Volatile.Write(ref _set, set = PolicySet.Create(set, set.Profile, set.Numbers, load.Cores, set.WantedAge));
            foreach (var job in load.Jobs.Jobs)
                _arriving.Remove(job.Name);
            _sample.Guests = Guests();
            _sample.Flags = Flags();
            _sample.Level = (byte)(load.Jobs.Jobs.Count > 0 ? byte.MaxValue - OrdinaryPriority : 0);
            set.Load.Sample(in _sample);
            if (_sample.Time - _published < set.Load.PeriodSeconds * 0.95)
                return;
            _published = _sample.Time;
            _sequence++;
            var view = LookNow(set);
            var snapshot = view.Snapshot(set, costs.Model, _jobs);
            _sample.Flags |= Rules(set).Advertise(in snapshot);
            var entry = set.Load.ToEntry(set.Numbers.Self, _incarnation, _sequence, in _sample);
            set.Protocol.Publish(in entry);
        }
    }

    /// <summary>A step of the dissemination stage.</summary>
    public void Tick(IOutbox outbox)
    {
        lock (_gate)
            _set?.Protocol.OnTick(MachineLoad.Now, ref _random, outbox);
    }

    /// <summary>A message of another node.</summary>
    public void Receive(NodeId from, in LoadMessage message, IOutbox outbox)
    {
        lock (_gate)
            _set?.Protocol.OnMessage(MachineLoad.Now, from, in message, ref _random, outbox);
    }

    /// <summary>What this node tells of itself, and what it knows of the others.</summary>
    public (LoadEntry Self, LoadEntry[] Others)? Known()
    {
        lock (_gate)
            return _set is { } set ? (LookNow(set).Self, set.Protocol.View.Entries.ToArray()) : null;
    }

    /// <summary>A program's end teaches the rules what it needs.</summary>
    public void Learn(in Isobar.Balancing.Consideration.JobEnd ended)
    {
        lock (_gate)
            _set?.Rules.Learn(in ended);
    }

    public void Dispose() => load.Dispose();

    private RuleChain Rules(PolicySet set) => IsDrained ? set.Evacuation : set.Rules;

    private int Guests()
    {
        var guests = 0;
        foreach (var job in load.Jobs.Jobs)
            guests += IsOfThisHome(job.Name) ? 0 : 1;
        return guests;
    }

    private bool IsOfThisHome(string job) => Set is { } set && set.Numbers.NumberOf(Isobar.Protocol.Jobs.JobId.Parse(job).Home) == set.Numbers.Self;

    private NodeFlags Flags() =>
        (IsDrained ? NodeFlags.Leaving | NodeFlags.Blocked : NodeFlags.None)
        | (_sample.TotalMemoryBytes > 0 && _sample.FreeMemoryBytes < LowMemoryShare * _sample.TotalMemoryBytes ? NodeFlags.MemoryLow : NodeFlags.None)
        | NodeFlags.Pool;
}
