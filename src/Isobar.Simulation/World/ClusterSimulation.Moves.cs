using Isobar.Balancing;
using Isobar.Balancing.Consideration;
using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;

namespace Isobar.Simulation.World;

/// <content>Offers, moves and remote starts, and what they cost the process, both CPUs and the wire.</content>
public sealed partial class ClusterSimulation
{
    /// <summary>Bytes of an offer or of its answer on the wire: a small call on an open TLS connection.</summary>
    private const int ControlBytes = 160;

    private readonly CostModel _costs;
    private readonly List<int> _ended = [];
    private int _flowEvent = -1;

    private static CostModel CostsOf(MoveCosts costs, MoveStyle style) => style switch
    {
        MoveStyle.Lazy => new CostModel(costs.FixedSeconds, costs.BytesPerSecond, 0, costs.PlacementSeconds),
        MoveStyle.Checkpoint => new CostModel(costs.FixedSeconds, costs.CheckpointBytesPerSecond / 2, 1, costs.PlacementSeconds),
        _ => new CostModel(costs.FixedSeconds, costs.BytesPerSecond, 1, costs.PlacementSeconds, costs.PoliciesCountCpu ? costs.CpuSeconds : 0),
    };

    /// <summary>Asks the policy where a new process shall start; true when it is on its way to another node.</summary>
    private bool PlaceElsewhere(SimulatedProcess process, SimulatedNode here)
    {
        if (!_hasRules)
            return false;

        if (Placed(process, here) is not { } placement)
            return false;

        if (placement.Target == here.Id || placement.Target.IsNone)
            return false;

        _recorder.CountDecision(here.Protocol.View, Instant.FromSeconds(_now));
        var target = Accepting(process, here, placement.Target, placement.Alternate, isPlacement: true, forced: false);
        if (target is null)
            return false;

        NoteStaleness(here, target);
        var seconds = _scenario.Costs.PlacementSeconds + 2 * _scenario.Topology.LatencyBetween(here.Index, target.Index);
        process.State = ProcessState.Moving;
        process.Target = target;
        process.Info.Flags |= JobFlags.Moving;
        Expect(here, target, process);
        target.MovesIn++;
        target.MemoryPromised += process.Memory;
        _recorder.Placements++;
        _observer?.MoveBegan(_now, process.Index, here.Index, target.Index, seconds, placement.Reason.Rule);
        process.Event = _queue.Schedule(_now + seconds, MoveEnd, process.Index);
        return true;
    }

    private Placement? Placed(SimulatedProcess process, SimulatedNode here)
    {
        if (_central is not null)
            return PlaceCentrally(process, here);

        WriteTruth(here);
        var entry = EntryOf(here);
        var state = StateOf(here);
        var snapshot = SnapshotOf(here, in entry, in state, JobsOf(here));
        return here.Rules.Place(in snapshot, in process.Info, ref here.Random);
    }

    /// <summary>Does what a plan wants, after a look at the present: plans may be made of old news.</summary>
    private void Apply(SimulatedNode decider, in PlannedAction action)
    {
        if ((ulong)action.Job.Value >= (ulong)_processes.Length || _processes[action.Job.Value] is not { } process)
            return;

        if (process.State is not (ProcessState.Active or ProcessState.Held))
            return;

        if (action.Kind != ActionKind.Move)
        {
            ActInPlace(process, in action);
            return;
        }

        if (process.Info.Has(JobFlags.Immobile) || action.To == process.Node.Id)
            return;

        var source = process.Node;
        if (_scenario.MovesAtOnce > 0 && source.MovesOut >= _scenario.MovesAtOnce)
            return;

        var forced = process.Info.Has(JobFlags.Suspended) || source.OwnerPresent || source.MemoryFree <= 0;
        var target = Accepting(process, source, action.To, action.Alternate, isPlacement: false, forced);
        if (target is null)
            return;

        NoteStaleness(decider, target);
        Expect(decider, target, process);
        BeginMove(process, target, action.Reason.Rule);
    }

    private void BeginMove(SimulatedProcess process, SimulatedNode target, string reason)
    {
        var source = process.Node;
        process.ArrivesHeld |= process.State == ProcessState.Held && !process.Info.Has(JobFlags.Suspended);
        TakeOff(process);
        process.State = ProcessState.Moving;
        process.Target = target;
        process.Info.Flags = (process.Info.Flags & ~(JobFlags.Suspended | JobFlags.Frozen | JobFlags.Vacating | JobFlags.Background)) | JobFlags.Moving;
        process.Info.Moves++;
        source.MovesOut++;
        source.LastMoveStarted = Instant.FromSeconds(_now);
        target.MovesIn++;
        target.MemoryPromised += process.Memory;

        var bytes = BytesWhileFrozen(process);
        var fixedSeconds = _scenario.Costs.FixedSeconds + 2 * _scenario.Topology.LatencyBetween(source.Index, target.Index);
        var seconds = fixedSeconds + bytes / _costs.BytesPerSecond;
        ChargeCpu(source, bytes);
        ChargeCpu(target, bytes);
        _recorder.BytesMoved += process.Memory;
        _recorder.Moves++;
        _observer?.MoveBegan(_now, process.Index, source.Index, target.Index, seconds, reason);
        process.Event = _flows is not null && bytes > 0
            ? _queue.Schedule(_now + fixedSeconds, MoveCopy, process.Index)
            : _queue.Schedule(_now + seconds, MoveEnd, process.Index);
        AfterDeparture(source);
    }

    private double BytesWhileFrozen(SimulatedProcess process) => _profile.Settings.Move == MoveStyle.Lazy ? 0 : process.Memory;

    private void ChargeCpu(SimulatedNode node, double bytes)
    {
        var work = _scenario.Costs.CpuSeconds + bytes * _scenario.Costs.CpuSecondsPerByte;
        if (work > 0)
            RunTask(node, new KernelTask(), work);
    }

    private void BeginFlow(SimulatedProcess process)
    {
        process.Event = -1;
        _flows!.Begin(_now, process.Node.Index, process.Target!.Index, BytesWhileFrozen(process), process.Index);
        RetimeFlows();
    }

    private void FlowsEnd()
    {
        _flowEvent = -1;
        _ended.Clear();
        _flows!.Finish(_now, _ended);
        RetimeFlows();
        foreach (var index in _ended.ToArray())
            MoveEnds(_processes[index]!);
    }

    private void RetimeFlows()
    {
        var finish = _flows!.FirstFinish;
        if (_flowEvent >= 0)
            _queue.Cancel(_flowEvent);

        _flowEvent = double.IsPositiveInfinity(finish) ? -1 : _queue.Schedule(finish, FlowEnd, 0);
    }

    private void MoveEnds(SimulatedProcess process)
    {
        process.Event = -1;
        var source = process.Node;
        var target = process.Target!;
        var wasPlaced = process.NodeSlot < 0 && process.Info.Moves == 0;
        process.Target = null;
        target.MovesIn--;
        target.MemoryPromised -= process.Memory;
        if (!wasPlaced)
            source.MovesOut--;

        process.Info.Flags &= ~JobFlags.Moving;
        if (!target.IsUp || target.Side != source.Side)
        {
            // Nothing was committed, so the process goes on where it was.
            _recorder.Aborts++;
            _observer?.MoveEnded(_now, process.Index, source.Index, aborted: true);
            if (source.IsUp)
                Land(process, source);
            else
                Restart(process);

            return;
        }

        _observer?.MoveEnded(_now, process.Index, target.Index, aborted: false);
        if (_profile.Settings.Move == MoveStyle.Lazy && !wasPlaced)
        {
            process.StallLeft = process.Memory * _scenario.Costs.TouchedShare / _scenario.Costs.BytesPerSecond;
            process.PagesAt = source;
            process.Uncut();
        }

        Land(process, target);
    }

    private void Land(SimulatedProcess process, SimulatedNode node)
    {
        var held = process.ArrivesHeld;
        process.ArrivesHeld = false;
        if (held)
            process.Info.Flags |= JobFlags.Suspended;

        Settle(process, node);
        if (held && process.State == ProcessState.Active)
            Hold(process, JobFlags.Suspended);

        TellTruth();
    }

    private void StallForPages(SimulatedProcess process)
    {
        var piece = Math.Min(process.StallLeft, Math.Max(StallBurst, process.StallLeft / 20));
        process.StallLeft -= piece;
        if (process.StallLeft <= 0)
            process.PagesAt = null;

        Wait(process, piece + 2 * _scenario.Topology.LatencyBetween(process.Node.Index, process.Info.Home.Value));
    }

    private double IoSeconds(SimulatedProcess process)
    {
        var home = process.Info.Home.Value;
        if (process.Node.Index == home || !_scenario.HomeTraffic)
            return process.Item.IoWait;

        SendControl(process.Node, _nodes[home]);
        SendControl(_nodes[home], process.Node);
        return process.Item.IoWait
            + 2 * _scenario.Topology.LatencyBetween(process.Node.Index, home)
            + process.Item.IoBytes / _scenario.Topology.NodeBandwidth;
    }

    /// <summary>The first of the two targets that takes the process; null when none does.</summary>
    private SimulatedNode? Accepting(SimulatedProcess process, SimulatedNode source, NodeId first, NodeId second, bool isPlacement, bool forced)
    {
        foreach (var id in (ReadOnlySpan<NodeId>)[first, second])
        {
            if (id.IsNone || id == source.Id || (uint)id.Value >= (uint)_nodes.Length)
                continue;

            var target = _nodes[id.Value];
            SendControl(source, target);
            var isFull = !isPlacement && _scenario.MovesAtOnce > 0 && target.MovesIn >= _scenario.MovesAtOnce;
            if (!target.IsUp || target.Side != source.Side || isFull)
            {
                _recorder.Refusals++;
                continue;
            }

            var believed = source.Protocol.View.TryGet(id, out var entry)
                ? entry.Speed * Math.Min(1, entry.Capacity / entry.Speed / (entry.Ready + 1))
                : target.Cpu.Cores.Fastest;
            var itsOwn = EntryOf(source);
            var others = CpuShare.DelayOfOthers(in itsOwn, source.Cpu.Count, Targets.Tasks(process.Info));
            var offer = new JobOffer(process.Info, source.Id, source.Cpu.Rate, believed, isPlacement, forced, others);
            var itsEntry = EntryOf(target);
            var itsState = StateOf(target);
            var snapshot = SnapshotOf(target, in itsEntry, in itsState, JobsOf(target));
            var answer = target.Rules.Judge(in snapshot, in offer);
            SendControl(target, source);
            if (!answer.Accepted)
            {
                _recorder.Refusals++;
                continue;
            }

            process.ArrivesHeld = answer.Suspended;
            return target;
        }

        return null;
    }

    private void Expect(SimulatedNode decider, SimulatedNode target, SimulatedProcess process)
    {
        // Readers of a bulletin board know nothing but the board.
        if (_scenario.KnowledgePeriod > 0)
            return;

        decider.Protocol.View.Expect(target.Id, Instant.FromSeconds(_now), 1, OneProcess(target), (long)process.Memory);
    }
}
