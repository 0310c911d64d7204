using Isobar.Balancing;
using Isobar.Balancing.Consideration;
using Isobar.Simulation.Workloads;

namespace Isobar.Simulation.World;

/// <content>The life of a process: birth, segments of CPU, waits, forks, end.</content>
public sealed partial class ClusterSimulation
{
    // Work below this many CPU seconds counts as done: it is rounding, and an event for it would only repeat itself.
    private const double Done = 1e-10;

    // CPU seconds between two page faults' worth of waiting after a lazy move.
    private const double StallBurst = 0.02;

    private readonly Dictionary<int, int[]> _children;
    private readonly ProcessPool _pool = new();

    private static Dictionary<int, int[]> ChildrenOf(Workload workload)
    {
        var lists = new Dictionary<int, List<int>>();
        for (var i = 0; i < workload.Items.Count; i++)
        {
            if (workload.Items[i].Parent < 0)
                continue;

            if (!lists.TryGetValue(workload.Items[i].Parent, out var list))
                lists[workload.Items[i].Parent] = list = [];

            list.Add(i);
        }

        return lists.ToDictionary(pair => pair.Key, pair => pair.Value.OrderBy(child => workload.Items[child].ForkAtCpu).ToArray());
    }

    private void ScheduleNextArrival()
    {
        while (_nextItem < _workload.Items.Count && _workload.Items[_nextItem].Parent >= 0)
            _nextItem++;

        if (_nextItem < _workload.Items.Count)
            _queue.Post(_workload.Items[_nextItem].Arrival, Arrival, _nextItem);
    }

    private void ItemArrives()
    {
        var index = _nextItem++;
        ScheduleNextArrival();
        Start(index, _nodes[_workload.Items[index].Home]);
    }

    private void Start(int index, SimulatedNode birthplace)
    {
        var item = _workload.Items[index];
        var process = _pool.Take(index, item, MemoryOf(item));
        process.Born = _now;
        process.Node = birthplace;
        _processes[index] = process;
        _alive++;
        ref var info = ref process.Info;
        info.Id = process.Id;
        info.Home = _nodes[item.Home].Id;
        info.Node = birthplace.Id;
        info.Program = WorkItem.Fingerprint(item.Name);
        info.Tasks = 1;
        info.ExpectedCpuSeconds = _scenario.KnownDemand ? item.Cpu : 0;
        info.LastCheckpoint = Instant.FromSeconds(_now);
        info.Load = 1;
        info.ResidentBytes = (long)process.Memory;
        info.Started = Instant.FromSeconds(_now);
        info.ArrivedHere = info.Started;
        info.StateSince = Instant.Never;
        info.Flags = item.Immobile ? JobFlags.Immobile : JobFlags.None;
        info.Priority = (byte)(item.Owner ? 0 : 1);
        if (!birthplace.IsUp)
        {
            process.State = ProcessState.Homeless;
            return;
        }

        if (!item.Immobile && PlaceElsewhere(process, birthplace))
            return;

        Settle(process, birthplace);
        AfterArrival(birthplace);
    }

    private void AfterArrival(SimulatedNode node)
    {
        if (_hasRules && _profile.Settings.OnArrival)
            Decide(node, Trigger.Arrival);

        TellTruth();
    }

    private void AfterDeparture(SimulatedNode node)
    {
        if (_hasRules && _profile.Settings.OnDeparture)
            Decide(node, Trigger.Departure);

        TellTruth();
    }

    /// <summary>With perfect knowledge every change is news to every node at once.</summary>
    private void TellTruth()
    {
        if (!_isOracle || !_profile.Settings.OnNews)
            return;

        foreach (var node in _nodes)
            Decide(node, Trigger.News);
    }

    /// <summary>The process is at the node and may run there.</summary>
    private void Settle(SimulatedProcess process, SimulatedNode node)
    {
        node.Attach(process);
        process.State = ProcessState.Active;
        process.CpuAtArrival = process.Item.Cpu - process.AfterSegment - process.SegmentLeft;
        process.Info.Node = node.Id;
        process.Info.ArrivedHere = Instant.FromSeconds(_now);
        if (process.Info.IsGuest)
            GuestsChange(node, 1);

        node.Rules.Arrived(in process.Info);
        ChangeMemory(node, process.Memory);
        if (process.State == ProcessState.Active)
            Continue(process);
    }

    /// <summary>Runs the rest of the present segment, or begins the next one.</summary>
    private void Continue(SimulatedProcess process)
    {
        if (process.SegmentLeft <= 0)
            CutSegment(process);

        RunTask(process.Node, process, process.SegmentLeft, process.Info.Has(JobFlags.Background));
    }

    private void CutSegment(SimulatedProcess process)
    {
        var used = process.Item.Cpu - process.AfterSegment;
        var segment = process.AfterSegment;
        if (process.Item.IoBurst > 0)
        {
            var next = (Math.Floor(used / process.Item.IoBurst + 1e-9) + 1) * process.Item.IoBurst;
            segment = Math.Min(segment, next - used);
        }

        if (_children.TryGetValue(process.Index, out var children) && process.NextChild < children.Length)
            segment = Math.Min(segment, Math.Max(0, _workload.Items[children[process.NextChild]].ForkAtCpu - used));

        if (process.StallLeft > 0)
            segment = Math.Min(segment, StallBurst);

        process.SegmentLeft = segment;
        process.AfterSegment -= segment;
    }

    private void SegmentEnds(SimulatedProcess process)
    {
        process.SegmentLeft = 0;
        var used = process.Item.Cpu - process.AfterSegment;
        if (_children.TryGetValue(process.Index, out var children))
        {
            while (process.NextChild < children.Length
                && (_workload.Items[children[process.NextChild]].ForkAtCpu <= used + Done || process.AfterSegment <= Done))
            {
                process.Info.Forks++;
                Start(children[process.NextChild++], process.Node);

                // The child's memory may have been too much for the node, and the parent the largest that it had.
                if (process.State == ProcessState.Killed)
                    return;
            }
        }

        if (process.AfterSegment <= Done)
            End(process, ProcessState.Finished);
        else if (process.StallLeft > 0)
            StallForPages(process);
        else if (process.Item.IoBurst > 0 && Math.Abs(used / process.Item.IoBurst - Math.Round(used / process.Item.IoBurst)) < 1e-6)
            Wait(process, IoSeconds(process));
        else if (process.State == ProcessState.Active)
            Continue(process);
    }

    private void Wait(SimulatedProcess process, double seconds)
    {
        process.Waiting = true;
        process.Event = _queue.Schedule(_now + seconds, WaitEnd, process.Index);
    }

    private void WaitEnds(SimulatedProcess process)
    {
        process.Event = -1;
        process.Waiting = false;
        if (process.State == ProcessState.Active)
            Continue(process);
    }

    /// <summary>Takes the process off its node, wherever in its segment it is; its work left stays with it.</summary>
    private void TakeOff(SimulatedProcess process)
    {
        var node = process.Node;
        if (process.IsReady)
            process.SegmentLeft = StopTask(node, process);

        if (process.Waiting)
        {
            _queue.Cancel(process.Event);
            process.Event = -1;
            process.Waiting = false;
        }

        if (process.Info.IsGuest && process.State == ProcessState.Active)
            GuestsChange(node, -1);

        node.Detach(process);
        FetchPages(process);
        if (!process.Info.Has(JobFlags.Frozen))
            ChangeMemory(node, -process.Memory);
    }

    private void End(SimulatedProcess process, ProcessState how)
    {
        var node = process.Node;
        TakeOff(process);
        process.State = how;
        _alive--;
        if (how == ProcessState.Finished)
            _recorder.AddProcess(process.Born, _now, process.Item.Alone, process.Item.Home, process.Info.Moves, process.Item.Owner);
        else
            _recorder.Kills++;

        _observer?.Ended(_now, process.Index, node.Index, how);
        node.Rules.Learn(new JobEnd(process.Info.Program, process.Item.Cpu, _now - process.Born, (long)process.Memory, 0, process.Info.Forks));
        _processes[process.Index] = null;
        _pool.Give(process);
        AfterDeparture(node);
    }

    private double MemoryOf(WorkItem item)
    {
        if (item.Memory >= 0)
            return item.Memory;

        return _scenario.ExponentialMemory ? _memoryLaw.NextExponential(_scenario.MeanMemory) : _scenario.MeanMemory;
    }
}
