using Isobar.Balancing;
using Isobar.Balancing.Consideration;
using Isobar.Balancing.Load;

namespace Isobar.Simulation.World;

/// <content>What the policies are shown, and when they are asked.</content>
public sealed partial class ClusterSimulation
{
    /// <summary>Below this share of its memory free, a node counts as short of it.</summary>
    private const double LowMemoryShare = 0.05;

    private readonly bool _hasRules;
    private readonly Plan _plan = new();
    private JobInfo[] _jobs = new JobInfo[64];
    private uint _truth;
    private LoadEntry[] _board = [];
    private double _boardUntil;
    private bool _deciding;

    private void SampleNode(SimulatedNode node)
    {
        if (!node.IsUp)
            return;

        var sample = LookAt(node);
        node.Load.Sample(in sample);
        if (_hasRules)
        {
            var entry = node.Load.ToEntry(node.Id, node.Incarnation, node.Sequence, in sample);
            var state = StateOf(node);
            var snapshot = SnapshotOf(node, in entry, in state, JobsOf(node));
            sample.Flags |= node.Rules.Advertise(in snapshot);
        }

        node.Protocol.Publish(node.Load.ToEntry(node.Id, node.Incarnation, ++node.Sequence, in sample));
        UpdateJobLoads(node, sample.Time);
    }

    // Exact means since the last look: what counting at every timer tick would approach.
    private LoadSample LookAt(SimulatedNode node)
    {
        node.Cpu.AdvanceTo(_now);
        var elapsed = _now - node.SampledAt;
        var ready = elapsed > 0 ? (node.Cpu.ReadyTaskSeconds - node.SampledReadySeconds) / elapsed : node.Cpu.Count;
        var busy = elapsed > 0 ? (node.Cpu.BusyCoreSeconds - node.SampledBusySeconds) / elapsed : 0;
        node.SampledAt = _now;
        node.SampledReadySeconds = node.Cpu.ReadyTaskSeconds;
        node.SampledBusySeconds = node.Cpu.BusyCoreSeconds;
        return SampleOf(node, ready, busy);
    }

    private LoadSample SampleOf(SimulatedNode node, double ready, double busy) => new()
    {
        Time = Instant.FromSeconds(_now),
        Ready = ready,
        OwnReady = OwnerLoad(node),
        CpuUsed = busy,
        CpuPressure = node.Cpu.Count > node.Cpu.Cores.Count ? 1 : 0,
        MemoryPressure = node.Cpu.Drag > 1 ? 0.9 : 0,
        FreeMemoryBytes = (long)node.MemoryFree,
        TotalMemoryBytes = (long)node.Kind.MemoryBytes,
        OwnerIdleSeconds = node.OwnerIdle(_now),
        Users = node.OwnerPresent ? 1 : 0,
        Guests = node.RunningGuests,
        Flags = FlagsOf(node),
        Level = (byte)(node.OwnerPresent ? 255 : node.Cpu.Count > 0 ? 254 : 0),
    };

    // An average, as load averages are: the bursts themselves are shorter than any period of a policy.
    private double OwnerLoad(SimulatedNode node) => node.OwnerPresent && _scenario.Owners is { } owners
        ? owners.BurstSeconds / (owners.BurstSeconds + owners.PauseSeconds)
        : 0;

    private static NodeFlags FlagsOf(SimulatedNode node) =>
        (node.OwnerPresent ? NodeFlags.OwnerPresent : NodeFlags.None)
        | (node.MemoryFree < LowMemoryShare * node.Kind.MemoryBytes ? NodeFlags.MemoryLow : NodeFlags.None)
        | (node.HasOwner ? NodeFlags.None : NodeFlags.Pool);

    // MOSIX' decay of a process's own load: (5 old + 3 new) / 8 per second, scaled to the period of the sample.
    private static void UpdateJobLoads(SimulatedNode node, Instant now)
    {
        var share = node.Cpu.Rate;
        var keep = Math.Pow(5.0 / 8, node.Load.PeriodSeconds);
        foreach (var process in node.Processes)
        {
            ref var info = ref process!.Info;
            var present = process.IsReady ? share : 0;
            info.Load = info.SecondsHere(now) < node.Load.PeriodSeconds ? Math.Max(info.Load, present) : keep * info.Load + (1 - keep) * present;
        }
    }

    /// <summary>The node's entry as it would tell it now: the published one, or for perfect knowledge the plain truth.</summary>
    private LoadEntry EntryOf(SimulatedNode node)
    {
        var ready = (double)node.Cpu.Count;
        var sample = SampleOf(node, ready, Math.Min(ready, node.Cpu.Cores.Count));
        var entry = node.Load.ToEntry(node.Id, node.Incarnation, node.Sequence, in sample);
        if (_isOracle)
        {
            ready += node.MovesIn;
            entry.Ready = (float)ready;
            entry.Load = (float)(ready * OneProcess(node));
        }

        return entry;
    }

    private NodeState StateOf(SimulatedNode node)
    {
        var state = new NodeState
        {
            ReadyNow = node.Cpu.Count,
            OwnerLoad = OwnerLoad(node),
            OwnerIdleSeconds = node.OwnerIdle(_now),
            FreeMemoryBytes = (long)(node.Kind.MemoryBytes - node.MemoryUsed - node.MemoryPromised),
            TotalMemoryBytes = (long)node.Kind.MemoryBytes,
            UsedProcessSlots = node.ProcessCount,
            LastMoveStarted = node.LastMoveStarted,
            MovesInProgress = node.MovesOut,
            ArrivalsInProgress = node.MovesIn,
        };
        state.TakeLoad(node.Load);
        if (_isOracle)
        {
            state.LocalReady = node.Cpu.Count;
            state.LocalLoad = node.Cpu.Count * OneProcess(node);
        }

        return state;
    }

    private Snapshot SnapshotOf(SimulatedNode node, in LoadEntry entry, in NodeState state, ReadOnlySpan<JobInfo> jobs) => new(
        Instant.FromSeconds(_now),
        in entry,
        in state,
        jobs,
        node.Protocol.View.Entries,
        _costs,
        node.Protocol.Roster);

    /// <summary>What one CPU-bound process adds to the load of a node, in the unit of its calculator.</summary>
    private static double OneProcess(SimulatedNode node) => node.Load.IsPerCapacity ? 1 / node.Kind.Cores.Capacity : 1;

    private ReadOnlySpan<JobInfo> JobsOf(SimulatedNode node)
    {
        node.Cpu.AdvanceTo(_now);
        if (_jobs.Length < node.ProcessCount)
            Array.Resize(ref _jobs, Math.Max(node.ProcessCount, _jobs.Length * 2));

        return _jobs.AsSpan(0, CopyJobs(node));
    }

    private int CopyJobs(SimulatedNode node)
    {
        var at = 0;
        foreach (var process in node.Processes)
        {
            ref var info = ref process!.Info;
            info.CpuSeconds = process.CpuUsed;
            info.CpuSecondsHere = Math.Max(0, info.CpuSeconds - process.CpuAtArrival);
            _jobs[at++] = info;
        }

        return at;
    }

    private void Decide(SimulatedNode node, Trigger trigger)
    {
        // A decision inside a decision (its first action changes memory, say) would see a half-made world; the next trigger is soon enough.
        if (!_hasRules || !node.IsUp || _deciding)
            return;

        if (_central is null && node.ProcessCount == 0 && trigger != Trigger.OwnerLeft)
            return;

        _deciding = true;
        if (_central is null)
            DecideLocally(node, trigger);
        else
            DecideCentrally(trigger);

        var decider = _central is null ? node : _nodes[Manager];
        foreach (ref readonly var action in _plan.Actions)
            Apply(decider, in action);

        _deciding = false;
    }

    private void DecideLocally(SimulatedNode node, Trigger trigger)
    {
        WriteTruth(node);
        var entry = EntryOf(node);
        var state = StateOf(node);
        var snapshot = SnapshotOf(node, in entry, in state, JobsOf(node));
        _plan.Clear();
        node.Rules.Decide(in snapshot, trigger, ref node.Random, _plan);
        _recorder.CountDecision(node.Protocol.View, snapshot.Now);
    }

    /// <summary>Perfect knowledge, for profiles that assume it.</summary>
    private void WriteTruth(SimulatedNode reader)
    {
        if (!_isOracle)
            return;

        if (_scenario.KnowledgePeriod > 0)
        {
            ReadBoard(reader);
            return;
        }

        _truth++;
        foreach (var node in _nodes)
        {
            if (node == reader)
                continue;

            if (!node.IsUp)
            {
                reader.Protocol.View.Remove(node.Id);
                continue;
            }

            var entry = EntryOf(node);
            entry.Sequence = _truth;
            reader.Protocol.View.Merge(in entry);
        }
    }

    private void ReadBoard(SimulatedNode reader)
    {
        if (_board.Length == 0 || _now >= _boardUntil)
        {
            _truth++;
            _boardUntil = (Math.Floor(_now / _scenario.KnowledgePeriod) + 1) * _scenario.KnowledgePeriod;
            if (_board.Length == 0)
                _board = new LoadEntry[_nodes.Length];

            foreach (var node in _nodes)
            {
                _board[node.Index] = EntryOf(node);
                _board[node.Index].Sequence = _truth;
            }
        }

        if (reader.BoardRead == _truth)
            return;

        reader.BoardRead = _truth;
        foreach (ref readonly var entry in _board.AsSpan())
        {
            if (entry.Node != reader.Id)
                reader.Protocol.View.Merge(in entry);
        }
    }

    /// <summary>Compares what was believed of the target with the truth at the moment of acting.</summary>
    private void NoteStaleness(SimulatedNode decider, SimulatedNode target)
    {
        if (!decider.Protocol.View.TryGet(target.Id, out var entry))
            return;

        var truth = target.Cpu.Count + target.MovesIn;
        var error = Math.Abs(entry.Ready - truth);
        var wrong = target.Cpu.Cores.FastestSum(truth + 1) / (truth + 1) < decider.Cpu.Rate;
        _recorder.CountMoveDecision(entry.Age(Instant.FromSeconds(_now)), error >= 1, wrong);
    }
}
