using Isobar.Balancing;
using Isobar.Balancing.Consideration;
using Isobar.Balancing.Load;

namespace Isobar.Simulation.World;

/// <content>What the policies are shown, and when they are asked.</content>
public sealed partial class ClusterSimulation
{
    private readonly bool _hasRules;
    private readonly Plan _plan = new();
    private JobInfo[] _jobs = new JobInfo[64];
    private bool _deciding;

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
}
