using Isobar.Balancing;
using Isobar.Balancing.Consideration;
using Isobar.Balancing.Dissemination;
using Isobar.Balancing.Load;

namespace Isobar.Simulation.World;

/// <content>Messages, owners, memory, suspension, faults.</content>
public sealed partial class ClusterSimulation : IOutbox
{
    /// <summary>Headers of IP and UDP.</summary>
    private const int DatagramHeaders = 28;

    private const int AttachedEntries = 3;

    private readonly MessagePool _messages = new();
    private readonly LoadEntry[] _attached = new LoadEntry[AttachedEntries];
    private SimulatedNode _sender = null!;

    /// <summary>A protocol's datagram: counted at the sender, then lost or delivered after the latency.</summary>
    void IOutbox.Send(NodeId to, in LoadMessage message)
    {
        _sender.MessagesSent++;
        _sender.BytesSent += message.EncodedSize + DatagramHeaders;
        _recorder.LoadMessages++;
        _recorder.LoadBytes += message.EncodedSize + DatagramHeaders;
        if ((uint)to.Value >= (uint)_nodes.Length || _nodes[to.Value].Side != _sender.Side)
            return;

        if (_scenario.Topology.Loss > 0 && _lossLaw.NextDouble() < _scenario.Topology.Loss)
            return;

        var slot = _messages.Put(_sender.Index, message.Kind, message.Entries);
        _queue.Post(_now + _scenario.Topology.LatencyBetween(_sender.Index, to.Value), Deliver, to.Value, slot);
    }

    private void TickNode(SimulatedNode node)
    {
        if (!node.IsUp)
            return;

        _sender = node;
        node.Protocol.OnTick(Instant.FromSeconds(_now), ref node.Random, this);
    }

    private void DeliverMessage(SimulatedNode node, int slot)
    {
        if (node.IsUp)
        {
            _sender = node;
            var message = _messages.Message(slot);
            node.Protocol.OnMessage(Instant.FromSeconds(_now), new NodeId(_messages.From(slot)), in message, ref node.Random, this);
        }

        _messages.Release(slot);
        if (_profile.Settings.OnNews && node.ProcessCount > 0)
            Decide(node, Trigger.News);
    }

    /// <summary>A control message on an open connection; load entries may ride on it.</summary>
    private void SendControl(SimulatedNode from, SimulatedNode to)
    {
        from.MessagesSent++;
        from.BytesSent += ControlBytes;
        if (!to.IsUp || from.Side != to.Side)
            return;

        var now = Instant.FromSeconds(_now);
        var count = from.Protocol.Attach(now, to.Id, _attached);
        if (count == 0)
            return;

        from.BytesSent += count * LoadMessageCodec.EntrySize;
        _recorder.LoadBytes += count * LoadMessageCodec.EntrySize;
        _recorder.AttachedEntries += count;
        to.Protocol.OnAttached(now, from.Id, _attached.AsSpan(0, count));
    }

    private void ChangeMemory(SimulatedNode node, double delta)
    {
        node.MemoryUsed += delta;
        SetDrag(node);
        if (delta <= 0 || node.MemoryFree >= LowMemoryShare * node.Kind.MemoryBytes)
            return;

        if (_hasRules)
            Decide(node, Trigger.MemoryPressure);

        while (node.MemoryUsed > _scenario.KillAbove * node.Kind.MemoryBytes && Largest(node) is { } victim)
            End(victim, ProcessState.Killed);
    }

    private void SetDrag(SimulatedNode node)
    {
        var drag = node.MemoryUsed > node.Kind.MemoryBytes ? _scenario.Thrashing : 1;
        if (drag == node.Cpu.Drag)
            return;

        node.Cpu.AdvanceTo(_now);
        node.Cpu.Drag = drag;
        if (drag > 1)
            _recorder.Thrashings++;

        Retime(node);
    }

    private static SimulatedProcess? Largest(SimulatedNode node)
    {
        SimulatedProcess? largest = null;
        foreach (var process in node.Processes)
        {
            if (process!.State == ProcessState.Active && (largest is null || process.Memory > largest.Memory))
                largest = process;
        }

        return largest;
    }

    private void ScheduleOwners()
    {
        if (_scenario.Owners is not { } owners)
            return;

        foreach (var node in _nodes)
        {
            node.HasOwner = _ownerLaw.NextDouble() < owners.Share;
            if (!node.HasOwner)
                continue;

            // The stationary state: present with the share of time that he is present.
            node.OwnerPresent = _ownerLaw.NextDouble() >= owners.PresentSeconds / (owners.PresentSeconds + owners.AbsentSeconds);
            node.OwnerLeft = -_ownerLaw.NextExponential(owners.AbsentSeconds);
            _queue.Post(0, OwnerChange, node.Index);
        }
    }

    private void OwnerChanges(SimulatedNode node)
    {
        var owners = _scenario.Owners!;
        node.OwnerPresent = !node.OwnerPresent;
        var stay = _ownerLaw.NextExponential(node.OwnerPresent ? owners.PresentSeconds : owners.AbsentSeconds);
        _queue.Post(_now + stay, OwnerChange, node.Index);
        CountGuestsBesideOwner(node);
        if (!node.OwnerPresent)
            node.OwnerLeft = _now;

        _observer?.NodeChanged(_now, node.Index, node.OwnerPresent ? "owner returns" : "owner leaves");
        if (node.OwnerPresent)
            _queue.Post(_now + _ownerLaw.NextExponential(owners.PauseSeconds), OwnerBurst, node.Index);

        Decide(node, node.OwnerPresent ? Trigger.OwnerReturned : Trigger.OwnerLeft);
    }

    private void OwnerBegins(SimulatedNode node)
    {
        if (!node.OwnerPresent || !node.IsUp || node.OwnerReady > 0)
            return;

        var work = _ownerLaw.NextExponential(_scenario.Owners!.BurstSeconds);
        node.OwnerReady++;
        RunTask(node, new OwnerTask { Began = _now, Work = work }, work);
    }

    private void OwnerEnds(SimulatedNode node, OwnerTask task)
    {
        node.OwnerReady--;
        _recorder.AddOwnerBurst(_now - task.Began, task.Work / node.Cpu.Cores.Fastest);
        if (node.OwnerPresent)
            _queue.Post(_now + _ownerLaw.NextExponential(_scenario.Owners!.PauseSeconds), OwnerBurst, node.Index);
    }

    private void GuestsChange(SimulatedNode node, int by)
    {
        CountGuestsBesideOwner(node, by);
        node.RunningGuests += by;
    }

    // Guest seconds beside a present owner: the disturbance that owner rules exist to avoid.
    private void CountGuestsBesideOwner(SimulatedNode node, int by = 0)
    {
        if (!double.IsNaN(node.GuestsBesideOwnerSince))
            _recorder.GuestSecondsBesideOwner += (_now - node.GuestsBesideOwnerSince) * node.RunningGuests;

        node.GuestsBesideOwnerSince = node.OwnerPresent && node.RunningGuests + by > 0 ? _now : double.NaN;
    }

    private void ActInPlace(SimulatedProcess process, in PlannedAction action)
    {
        _observer?.Acted(_now, process.Index, process.Node.Index, action.Kind.ToString().ToLowerInvariant(), action.Reason.Rule);
        switch (action.Kind)
        {
            case ActionKind.Suspend when process.State == ProcessState.Active:
                Hold(process, JobFlags.Suspended);
                _recorder.Suspensions++;
                break;
            case ActionKind.Freeze when process.State == ProcessState.Active || process.Info.Has(JobFlags.Suspended):
                if (process.State == ProcessState.Active)
                    Hold(process, JobFlags.Frozen);
                else
                    process.Info.Flags = (process.Info.Flags & ~JobFlags.Suspended) | JobFlags.Frozen;

                ChangeMemory(process.Node, -process.Memory);
                _recorder.Suspensions++;
                break;
            case ActionKind.Resume or ActionKind.Thaw when process.State == ProcessState.Held:
                Release(process);
                break;
            case ActionKind.Checkpoint:
                process.Checkpointed = process.CpuUsed;
                process.Info.LastCheckpoint = Instant.FromSeconds(_now);
                ChargeCpu(process.Node, process.Memory);
                break;
            case ActionKind.Vacate:
                process.Checkpointed = process.CpuUsed;
                GoHome(process, action.Reason.Rule);
                break;
            case ActionKind.PageOut when process.State == ProcessState.Active && action.To != process.Node.Id:
                PageOut(process, _nodes[action.To.Value], action.Bytes);
                break;
            case ActionKind.Kill:
                Evict(process);
                break;
            default:
                break;
        }
    }

    private void Hold(SimulatedProcess process, JobFlags how)
    {
        if (process.IsReady)
            process.SegmentLeft = StopTask(process.Node, process);

        if (process.Info.IsGuest)
            GuestsChange(process.Node, -1);

        process.State = ProcessState.Held;
        process.Info.Flags |= how;
        process.Info.StateSince = Instant.FromSeconds(_now);
    }

    private void Release(SimulatedProcess process)
    {
        var wasFrozen = process.Info.Has(JobFlags.Frozen);
        process.State = ProcessState.Active;
        process.Info.Flags &= ~(JobFlags.Suspended | JobFlags.Frozen | JobFlags.Vacating);
        process.Info.StateSince = Instant.Never;
        if (process.Info.IsGuest)
            GuestsChange(process.Node, 1);

        if (wasFrozen)
            ChangeMemory(process.Node, process.Memory);

        if (process.State == ProcessState.Active && !process.Waiting)
            Continue(process);
    }

    // The process will miss these pages: it waits for them piece by piece, as after a lazy move.
    private void PageOut(SimulatedProcess process, SimulatedNode server, double bytes)
    {
        FetchPages(process);
        process.PagedOut = Math.Min(bytes, process.Memory);
        process.PageServer = server;
        process.StallLeft += process.PagedOut * _scenario.Costs.TouchedShare / _scenario.Costs.BytesPerSecond;
        _recorder.BytesMoved += process.PagedOut;
        ChangeMemory(process.Node, -process.PagedOut);
        ChangeMemory(server, process.PagedOut);
    }

    private void FetchPages(SimulatedProcess process)
    {
        if (process.PageServer is not { } server)
            return;

        var bytes = process.PagedOut;
        process.PageServer = null;
        process.PagedOut = 0;
        ChangeMemory(server, -bytes);
        ChangeMemory(process.Node, bytes);
    }

    private void GoHome(SimulatedProcess process, string reason)
    {
        var home = _nodes[process.Info.Home.Value];
        if (process.Node == home || !home.IsUp || home.Side != process.Node.Side)
            return;

        BeginMove(process, home, reason);
    }

    /// <summary>Killed at a node that wanted it away: it begins again from its last checkpoint.</summary>
    private void Evict(SimulatedProcess process)
    {
        TakeOff(process);
        Restart(process);
    }

    private void Restart(SimulatedProcess process)
    {
        _recorder.Restarts++;
        _recorder.LostCpu += Math.Max(0, process.Item.Cpu - process.AfterSegment - process.SegmentLeft - process.Checkpointed);
        process.SegmentLeft = 0;
        process.AfterSegment = process.Item.Cpu - process.Checkpointed;
        process.StallLeft = 0;
        process.PagesAt = null;
        process.Info.Flags &= JobFlags.Immobile;
        var home = _nodes[process.Info.Home.Value];
        process.Node = home;
        process.Info.Node = home.Id;
        if (!home.IsUp)
            process.State = ProcessState.Homeless;
        else if (process.Item.Immobile || !PlaceElsewhere(process, home))
            Settle(process, home);
    }

    private void BeginFault(Fault fault)
    {
        foreach (var index in fault.Nodes)
        {
            if (fault.IsPartition)
                _nodes[index].Side = 1;
            else
                Crash(_nodes[index]);
        }

        _observer?.NodeChanged(_now, fault.Nodes[0], fault.IsPartition ? "cut off" : "crashes");
    }

    private void Crash(SimulatedNode node)
    {
        node.IsUp = false;
        node.Protocol.View.Clear();
        foreach (var process in node.Processes.ToArray())
        {
            TakeOff(process!);
            Restart(process!);
        }

        // What a lazy move had left behind is gone with the node.
        foreach (var process in _processes)
        {
            if (process?.PagesAt == node && process.State == ProcessState.Active)
            {
                TakeOff(process);
                Restart(process);
            }
        }
    }

    private void EndFault(Fault fault)
    {
        foreach (var index in fault.Nodes)
        {
            var node = _nodes[index];
            if (fault.IsPartition)
            {
                node.Side = 0;
                continue;
            }

            node.IsUp = true;
            node.Incarnation++;
            node.Sequence = 0;
            foreach (var process in _processes)
            {
                if (process is { State: ProcessState.Homeless } && process.Info.Home == node.Id)
                    Settle(process, node);
            }
        }

        _observer?.NodeChanged(_now, fault.Nodes[0], fault.IsPartition ? "joined again" : "is back");
    }
}
