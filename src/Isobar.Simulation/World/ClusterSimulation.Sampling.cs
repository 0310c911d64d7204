using Isobar.Balancing;
using Isobar.Balancing.Load;

namespace Isobar.Simulation.World;

/// <content>What a node measures of itself and tells others.</content>
public sealed partial class ClusterSimulation
{
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

    private static NodeFlags FlagsOf(SimulatedNode node) =>
        (node.OwnerPresent ? NodeFlags.OwnerPresent : NodeFlags.None)
        | (node.MemoryFree < LowMemoryShare * node.Kind.MemoryBytes ? NodeFlags.MemoryLow : NodeFlags.None)
        | (node.HasOwner ? NodeFlags.None : NodeFlags.Pool);

    // MOSIX' decay of a process's own load: (5 old + 3 new) / 8 per second, scaled to the period of the sample.
    private static void UpdateJobLoads(SimulatedNode node, Instant now)
    {
        var keep = Math.Pow(5.0 / 8, node.Load.PeriodSeconds);
        foreach (var process in node.Processes)
        {
            ref var info = ref process!.Info;
            var present = process.IsReady ? node.Cpu.RateOf(process) : 0;
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

    /// <summary>What one CPU-bound process adds to the load of a node, in the unit of its calculator.</summary>
    private static double OneProcess(SimulatedNode node) => node.Load.IsPerCapacity ? 1 / node.Kind.Cores.Capacity : 1;
}
