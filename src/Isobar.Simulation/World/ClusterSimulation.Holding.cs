using Isobar.Balancing;
using Isobar.Balancing.Consideration;

namespace Isobar.Simulation.World;

/// <content>What is done to a process where it is: stopped, frozen, resumed, sent home.</content>
public sealed partial class ClusterSimulation
{
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
            case ActionKind.Background or ActionKind.Foreground:
                SetBackground(process, action.Kind == ActionKind.Background);
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

    private void SetBackground(SimulatedProcess process, bool isBackground)
    {
        process.Info.Flags = isBackground ? process.Info.Flags | JobFlags.Background : process.Info.Flags & ~JobFlags.Background;
        if (!process.IsReady)
            return;

        process.SegmentLeft = StopTask(process.Node, process);
        RunTask(process.Node, process, process.SegmentLeft, isBackground);
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
}
