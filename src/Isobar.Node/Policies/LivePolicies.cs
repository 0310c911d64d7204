using Isobar.Balancing;
using Isobar.Balancing.Consideration;
using Isobar.Balancing.Dissemination;
using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;
using Isobar.Node.Load;
using Isobar.Node.Owners;
using Isobar.Node.Settings;

namespace Isobar.Node.Policies;

/// <summary>
/// The policies of this node at work: takes samples and messages in, gives entries, plans and answers out. Everything happens under one lock and nothing in it
/// waits, so that what a decision sees is of one moment.
/// </summary>
internal sealed partial class LivePolicies(MachineLoad load, JobFacts facts, MoveCosts costs, AdminState admin, OwnerWatch owner, LiveSettings settings) : IDisposable
{
    private const double OwnerEvery = 0.95;

    /// <summary>So long after a move at most its processes are still seen where they were.</summary>
    private const double LeavesWithin = 30;

    private readonly Lock _gate = new();
    private readonly Plan _plan = new(explains: true);
    private readonly Dictionary<string, (Instant Until, long Bytes, bool IsMove)> _arriving = [];
    private readonly Dictionary<string, JobHold> _holds = [];
    private readonly HashSet<string> _moving = [];
    private readonly Dictionary<string, Instant> _left = [];
    private PolicySet? _set;
    private Balancing.Load.LoadCalculator? _begun;
    private RandomSource _random = new((ulong)Random.Shared.NextInt64());
    private long _placements;
    private uint _incarnation;
    private uint _sequence;
    private LoadSample _sample;
    private Instant _published = Instant.Never;
    private Instant _lastMoveStarted = Instant.Never;
    private JobInfo[] _jobs = new JobInfo[16];
    private Instant _ownerLooked = Instant.Never;
    private bool _ownerReturned;
    private NodeFlags _advertised;

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
    public bool IsDrained => admin.IsDrained;

    /// <summary>Jobs of other homes that are here.</summary>
    public int Guests { get; private set; }

    /// <summary>Of how many jobs it is remembered that they are left alone for a while, or stand still.</summary>
    public int Remembered
    {
        get
        {
            lock (_gate)
                return _holds.Count + _still.Count;
        }
    }

    /// <summary>What this node says of itself beside numbers.</summary>
    public IEnumerable<string> OwnWords => FlagWords(_sample.Flags);

    /// <summary>Uses this profile for these members from now on; null members = no cluster.</summary>
    /// <returns>Whether the rules are new ones, which have learnt nothing yet.</returns>
    public bool Use(Profile profile, NodeNumbers? numbers, double wantedAge)
    {
        lock (_gate)
        {
            var set = numbers is null || numbers.Self.IsNone ? null : PolicySet.Create(_set, profile, numbers, load.Cores, owner.Rules, wantedAge);
            var isNew = set is not null && !ReferenceEquals(set.Rules, _set?.Rules);
            Volatile.Write(ref _set, set);
            _published = Instant.Never;
            return isNew;
        }
    }

    /// <summary>True once after the owner came back.</summary>
    public bool TakeOwnerReturned() => Interlocked.Exchange(ref _ownerReturned, false);

    /// <summary>Looks at the machine, and tells the dissemination stage when the period of the load is over.</summary>
    public void Sample(out bool arrived, out bool departed)
    {
        lock (_gate)
        {
            _sample = load.Sample(out arrived, out departed);
            LookForOwner();
            if (_set is not { } set)
                return;
            if (!ReferenceEquals(set.Load.Cores, load.Cores) || !ReferenceEquals(set.OwnerRules, owner.Rules))
                Volatile.Write(ref _set, set = PolicySet.Create(set, set.Profile, set.Numbers, load.Cores, owner.Rules, set.WantedAge));
            foreach (var job in load.Jobs.Jobs)
                _arriving.Remove(job.Name);
            foreach (var (job, left) in _left)
            {
                if (_sample.Time - left > LeavesWithin)
                    _left.Remove(job);
            }

            _sample.Guests = Guests = CountGuests();
            _sample.Users = owner.Users;
            if (admin.IsExpelling && Guests == 0 && load.Jobs.GuestFolders() == 0)
                admin.Expelled();
            _sample.Flags = Flags(set) | _advertised;
            TakeIn(set);
            if (_sample.Time - _published < set.Load.PeriodSeconds * 0.95)
                return;
            _published = _sample.Time;
            _sequence++;
            ForgetTheGone();
            var view = LookNow(set);
            var snapshot = view.Snapshot(set, costs.Model, _jobs);
            _sample.Level = LevelOf(in snapshot);
            _advertised = set.All.Advertise(in snapshot);
            _sample.Flags = Flags(set) | _advertised;
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

    public void Dispose()
    {
        load.Dispose();
        owner.Dispose();
    }

    private void LookForOwner()
    {
        if (_sample.Time - _ownerLooked >= OwnerEvery)
        {
            _ownerLooked = _sample.Time;
            _ownerReturned |= owner.Look(_sample.Time, load.OwnerCpus, _set?.LooksAtInput == true);
        }

        _sample.OwnerIdleSeconds = owner.IdleSeconds;
    }

    private RuleChain Rules(PolicySet set, bool onlyFirst) =>
        IsDrained ? set.Evacuation
        : admin.IsExpelling || admin.IsClosing ? set.Expulsion
        : onlyFirst ? set.First : set.All;

    // After a start of the daemon, and with other cores or another profile, the calculator is a new one: it must not tell for a whole period that nobody is here.
    private void TakeIn(PolicySet set)
    {
        if (ReferenceEquals(_begun, set.Load))
        {
            set.Load.Sample(in _sample);
            return;
        }

        _begun = set.Load;
        set.Load.Begin(in _sample);
    }

    // What is remembered of a job that has ended or gone on is nobody's business any more; one whose move is being broken off is away for a moment only.
    private void ForgetTheGone()
    {
        if (_holds.Count == 0 && _still.Count == 0)
            return;
        var here = load.Jobs.Jobs.Select(job => job.Name).ToHashSet();
        foreach (var (job, hold) in _holds)
        {
            if (!here.Contains(job) && _sample.Time > hold.Until)
                _holds.Remove(job);
        }

        foreach (var job in _still.Keys)
        {
            if (!here.Contains(job))
                _still.Remove(job);
        }
    }

    private byte LevelOf(in Snapshot snapshot)
    {
        byte level = owner.IsPresent ? byte.MaxValue : (byte)0;
        foreach (ref readonly var job in snapshot.Jobs)
        {
            if (job.IsRunning)
                level = Math.Max(level, (byte)(byte.MaxValue - job.Priority));
        }

        return level;
    }

    private int CountGuests()
    {
        var guests = 0;
        foreach (var job in load.Jobs.Jobs)
            guests += IsOfThisHome(job.Name) ? 0 : 1;
        return guests;
    }

    private bool IsOfThisHome(string job) => Set is { } set && set.Numbers.NumberOf(Isobar.Protocol.Jobs.JobId.Parse(job).Home) == set.Numbers.Self;

    private NodeFlags Flags(PolicySet set) =>
        (IsDrained ? NodeFlags.Leaving | NodeFlags.Blocked : NodeFlags.None)
        | (admin.IsBlocked || admin.IsExpelling || admin.IsClosing ? NodeFlags.Blocked : NodeFlags.None)
        | (settings.ReservationOf(set.Numbers.NameOf(set.Numbers.Self)) is null ? NodeFlags.None : NodeFlags.Reserved)
        | (owner.Rules.IsEmpty ? NodeFlags.Pool : NodeFlags.None)
        | (_sample.TotalMemoryBytes > 0 && _sample.FreeMemoryBytes < LowMemoryShare * _sample.TotalMemoryBytes ? NodeFlags.MemoryLow : NodeFlags.None);
}
