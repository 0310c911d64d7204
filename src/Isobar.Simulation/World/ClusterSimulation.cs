using Isobar.Balancing;
using Isobar.Balancing.Consideration;
using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;
using Isobar.Simulation.Engine;
using Isobar.Simulation.Metrics;
using Isobar.Simulation.Networks;
using Isobar.Simulation.Workloads;

namespace Isobar.Simulation.World;

/// <summary>
/// A cluster in virtual time: one workload under one profile in one scenario. The policy objects are the daemon's own, fed with samples and
/// messages as the daemon feeds them. One event loop owns time; nothing here reads a clock, and a run is a function of its arguments.
/// </summary>
public sealed partial class ClusterSimulation
{
    // Kinds of events.
    private const int Arrival = 0;
    private const int ServiceEnd = 1;
    private const int WaitEnd = 2;
    private const int MoveEnd = 3;
    private const int MoveCopy = 4;
    private const int FlowEnd = 5;
    private const int Sample = 6;
    private const int Tick = 7;
    private const int Consider = 8;
    private const int Deliver = 9;
    private const int OwnerChange = 10;
    private const int OwnerBurst = 11;
    private const int FaultBegin = 12;
    private const int FaultEnd = 13;
    private const int MachineChanges = 14;

    private readonly EventQueue _queue;
    private readonly Workload _workload;
    private readonly Profile _profile;
    private readonly Scenario _scenario;
    private readonly SimulatedNode[] _nodes;
    private readonly SimulatedProcess?[] _processes;
    private readonly SeededRandom _memoryLaw;
    private readonly SeededRandom _ownerLaw;
    private readonly SeededRandom _lossLaw;
    private readonly RunRecorder _recorder;
    private readonly FlowNetwork? _flows;
    private readonly bool _isOracle;
    private readonly IRunObserver? _observer;
    private double _now;
    private int _nextItem;
    private int _alive;
    private long _events;

    /// <param name="workload">What arrives.</param>
    /// <param name="profile">The policies.</param>
    /// <param name="scenario">The world.</param>
    /// <param name="observer">Sees what happens (golden traces, the log of a run); null: nobody.</param>
    /// <param name="extraRules">Makes rules that are asked before those of the profile: experiments that no daemon could run (oracles).</param>
    public ClusterSimulation(
        Workload workload,
        Profile profile,
        Scenario scenario,
        IRunObserver? observer = null,
        Func<int, IReadOnlyList<ConsiderationRule>>? extraRules = null)
    {
        ArgumentNullException.ThrowIfNull(workload);
        ArgumentNullException.ThrowIfNull(profile);
        ArgumentNullException.ThrowIfNull(scenario);
        _workload = workload;
        _profile = profile;
        _scenario = scenario;
        _observer = observer;
        _processes = new SimulatedProcess?[workload.Items.Count];
        _recorder = new RunRecorder(scenario.WarmUp);
        var seeds = new SeededRandom(scenario.Seed);
        _memoryLaw = seeds.Fork(1);
        _ownerLaw = seeds.Fork(2);
        _lossLaw = seeds.Fork(3);
        _flows = scenario.Costs.Contention ? new FlowNetwork(scenario.Topology) : null;
        _costs = CostsOf(scenario.Costs, profile.Settings.Move);
        _children = ChildrenOf(workload);
        var roster = new RangeRoster(workload.Nodes, Math.Min(scenario.Topology.ClusterSize, workload.Nodes));
        _nodes = new SimulatedNode[workload.Nodes];
        for (var i = 0; i < _nodes.Length; i++)
            _nodes[i] = CreateNode(i, roster, extraRules);

        _queue = new EventQueue(Math.Max(1024, workload.Nodes), Ahead(), EventsPerNodeSecond * workload.Nodes);
        _isOracle = _nodes.Length > 0 && _nodes[0].Protocol.IsOracle;
        if (_nodes.Length >= ForesightNodes && !_isOracle)
            _queue.Foresight = this;

        _hasRules = profile.Settings.Rules.Count > 0 || extraRules is not null;
        if (profile.Settings.Scope == DecisionScope.Central)
            _central = new CentralConsideration(profile.CreateRules);

        ScheduleTicks(seeds.Fork(4));
        ScheduleOwners();
        foreach (var fault in scenario.Faults)
            _queue.Post(fault.At, FaultBegin, IndexOf(fault));

        for (var i = 0; i < scenario.Changes.Count; i++)
        {
            if ((uint)scenario.Changes[i].Node >= (uint)_nodes.Length)
                throw new SimulationException($"Machine {scenario.Changes[i].Node} cannot change: there are {_nodes.Length}, counted from 0; give another number or more nodes.");

            _queue.Post(scenario.Changes[i].At, MachineChanges, i);
        }

        ScheduleNextArrival();
    }

    /// <summary>The present in virtual seconds.</summary>
    public double Now => _now;

    /// <summary>Events handled so far.</summary>
    public long Events => _events;

    /// <summary>Runs to the end of the scenario, and returns what was measured.</summary>
    public RunResult Run(CancellationToken cancel = default)
    {
        RunUntil(_scenario.EndAt, cancel);
        return Result();
    }

    /// <summary>Handles events up to a time (or until no process is left, when the workload ends before). Returns whether anything is left to do.</summary>
    public bool RunUntil(double time, CancellationToken cancel = default)
    {
        while ((_alive > 0 || _nextItem < _workload.Items.Count || time < double.PositiveInfinity) && _queue.NextTime <= time)
        {
            if ((++_events & 0xFFFF) == 0)
                cancel.ThrowIfCancellationRequested();

            _queue.TryDequeue(out var next);
            _now = next.Time;
            Handle(next);
            _pool.Recycle();
        }

        if (time < double.PositiveInfinity)
            _now = Math.Max(_now, time);

        return _alive > 0 || _nextItem < _workload.Items.Count;
    }

    /// <summary>What has been measured up to now.</summary>
    public RunResult Result()
    {
        foreach (var node in _nodes)
        {
            node.Cpu.AdvanceTo(_now);
            CountGuestsBesideOwner(node);
            _recorder.AddNode(node.Cpu.BusyCoreSeconds, node.Cpu.Cores.Count, node.MessagesSent, node.BytesSent);
        }

        return _recorder.Finish(_profile.Name, _workload.Name, _scenario.Seed, _now, _alive, _events);
    }

    /// <summary>Ages of what the nodes know of each other now: mean of all entries, mean over nodes of the oldest, mean number of entries; seconds.</summary>
    public (double Mean, double Oldest, double Entries) ViewAges()
    {
        var (sum, oldest, count) = (0.0, 0.0, 0L);
        var now = Instant.FromSeconds(_now);
        foreach (var node in _nodes)
        {
            var worst = 0.0;
            foreach (ref readonly var entry in node.Protocol.View.Entries)
            {
                var age = entry.Age(now);
                sum += age;
                worst = Math.Max(worst, age);
                count++;
            }

            oldest += worst;
        }

        return (count == 0 ? 0 : sum / count, oldest / _nodes.Length, (double)count / _nodes.Length);
    }

    private void Handle(in SimulationEvent next)
    {
        switch (next.Kind)
        {
            case Arrival:
                ItemArrives();
                break;
            case ServiceEnd:
                ServiceEnds(_nodes[next.Subject]);
                break;
            case WaitEnd:
                WaitEnds(_processes[next.Subject]!);
                break;
            case MoveEnd:
                MoveEnds(_processes[next.Subject]!);
                break;
            case MoveCopy:
                BeginFlow(_processes[next.Subject]!);
                break;
            case FlowEnd:
                FlowsEnd();
                break;
            case Sample:
                SampleNode(_nodes[next.Subject]);
                _queue.Post(_now + _nodes[next.Subject].Load.PeriodSeconds, Sample, next.Subject);
                break;
            case Tick:
                TickNode(_nodes[next.Subject]);
                _queue.Post(_now + _nodes[next.Subject].Protocol.PeriodSeconds, Tick, next.Subject);
                break;
            case Consider:
                Decide(_nodes[next.Subject], Trigger.Periodic);
                _queue.Post(_now + _profile.Settings.PeriodSeconds, Consider, next.Subject);
                break;
            case Deliver:
                DeliverMessage(_nodes[next.Subject], (int)next.Payload);
                break;
            case OwnerChange:
                OwnerChanges(_nodes[next.Subject]);
                break;
            case OwnerBurst:
                OwnerBegins(_nodes[next.Subject]);
                break;
            case FaultBegin:
                BeginFault(_scenario.Faults[next.Subject]);
                _queue.Post(_scenario.Faults[next.Subject].Until, FaultEnd, next.Subject);
                break;
            case FaultEnd:
                EndFault(_scenario.Faults[next.Subject]);
                break;
            case MachineChanges:
                ChangeMachine(_scenario.Changes[next.Subject]);
                break;
            default:
                throw new InvalidOperationException($"There is no event of kind {next.Kind}.");
        }
    }

    // Most events are one period ahead; periods of an hour stand for "never".
    private double Ahead()
    {
        double[] periods = _nodes.Length == 0 ? [] : [_nodes[0].Load.PeriodSeconds, _nodes[0].Protocol.PeriodSeconds, _profile.Settings.PeriodSeconds];
        return 2 * periods.Where(period => period < 3600).DefaultIfEmpty(1).Max();
    }

    private SimulatedNode CreateNode(int index, Roster roster, Func<int, IReadOnlyList<ConsiderationRule>>? extraRules)
    {
        var kind = _scenario.Machine(index);
        var node = new SimulatedNode(index, kind, new RandomSource(_scenario.Seed, (ulong)index + 1000))
        {
            Load = _profile.CreateLoad(kind.Cores),
            Protocol = _profile.CreateDissemination(new NodeId(index), roster),
            Rules = _profile.CreateRules(new NodeId(index)),
        };
        if (extraRules is not null)
            node.Rules = new RuleChain([.. extraRules(index), .. node.Rules.Rules]);

        return node;
    }

    // Nodes start their periods at random phases, as machines that booted at different times do; lock-step would flatter some protocols.
    private void ScheduleTicks(SeededRandom phase)
    {
        foreach (var node in _nodes)
        {
            var sample = new LoadSample { Time = Instant.Zero, TotalMemoryBytes = (long)node.Kind.MemoryBytes, FreeMemoryBytes = (long)node.Kind.MemoryBytes };
            node.Protocol.Publish(node.Load.ToEntry(node.Id, node.Incarnation, ++node.Sequence, in sample));
            var (first, second, third) = (phase.NextDouble(), phase.NextDouble(), phase.NextDouble());
            if (!_isOracle && (_hasRules || node.Protocol.PeriodSeconds < 3600))
                _queue.Post(first * node.Load.PeriodSeconds, Sample, node.Index);

            if (node.Protocol.PeriodSeconds < 3600)
                _queue.Post(second * node.Protocol.PeriodSeconds, Tick, node.Index);

            if (_hasRules && (_profile.Settings.Scope == DecisionScope.EachNode || node.Index == Manager))
                _queue.Post(third * _profile.Settings.PeriodSeconds, Consider, node.Index);
        }
    }

    private int IndexOf(Fault fault)
    {
        for (var i = 0; i < _scenario.Faults.Count; i++)
        {
            if (ReferenceEquals(_scenario.Faults[i], fault))
                return i;
        }

        return -1;
    }
}
