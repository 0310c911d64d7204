using Isobar.Balancing.Consideration;

namespace Isobar.Simulation.World;

/// <content>Memory: overcommitment, kills, pages that another node holds.</content>
public sealed partial class ClusterSimulation
{
    /// <summary>Below this share of its memory free, a node counts as short of it.</summary>
    private const double LowMemoryShare = 0.05;

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

    // The process will miss these pages: it waits for them piece by piece, as after a lazy move.
    private void PageOut(SimulatedProcess process, SimulatedNode server, double bytes)
    {
        FetchPages(process);
        process.PagedOut = Math.Min(bytes, process.Memory);
        process.PageServer = server;
        process.StallLeft += process.PagedOut * _scenario.Costs.TouchedShare / _scenario.Costs.BytesPerSecond;
        _recorder.BytesMoved += process.PagedOut;
        if (process.IsReady)
        {
            process.SegmentLeft = StopTask(process.Node, process);
            process.Uncut();
            Continue(process);
        }
        else
        {
            process.Uncut();
        }

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
}
