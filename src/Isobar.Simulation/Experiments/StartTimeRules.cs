using Isobar.Balancing;
using Isobar.Balancing.Consideration;

namespace Isobar.Simulation.Experiments;

/// <summary>
/// Start-time placement of the processes whose programs are known to live long (the non-preemptive baseline of Harchol-Balter and Downey,
/// SIGMETRICS 1996): such a process starts at the least loaded node when that node, with it, has fewer processes than its home, with it.
/// Needs perfect knowledge (the "oracle" dissemination).
/// </summary>
/// <param name="programs">Fingerprints of the names that are worth a remote start.</param>
public sealed class NamesRule(IReadOnlySet<ulong> programs) : ConsiderationRule
{
    private static readonly ReasonForm LivesLong = new("names", "{job} lives long and {node} has {a} processes fewer", "gain");

    public override string Name => "names";

    public override bool TryPlace(in Snapshot snapshot, in JobInfo job, ref RandomSource random, out Placement placement)
    {
        placement = default;
        if (!programs.Contains(job.Program) || !StartTime.TryLeastLoaded(in snapshot, out var target, out var gain))
            return false;

        placement = new Placement(target, NodeId.None, LivesLong.With(job.Id, target, gain));
        return true;
    }
}

/// <summary>
/// Start-time placement by an oracle that knows each process's CPU demand: it starts elsewhere when the wait saved, demand * (n - m), exceeds
/// the cost of the remote start; n and m count the processes at home and at the target, the new one included. Only a simulator can run it, in a
/// scenario with known demand.
/// </summary>
public sealed class OracleRule : ConsiderationRule
{
    private static readonly ReasonForm Pays = new("oracle", "{job} will need {a} CPU s and {node} has {b} processes fewer", "cpu gain");

    public override string Name => "oracle";

    public override bool TryPlace(in Snapshot snapshot, in JobInfo job, ref RandomSource random, out Placement placement)
    {
        placement = default;
        if (!StartTime.TryLeastLoaded(in snapshot, out var target, out var gain))
            return false;

        if (job.ExpectedCpuSeconds * gain <= snapshot.Costs.PlacementSeconds)
            return false;

        placement = new Placement(target, NodeId.None, Pays.With(job.Id, target, job.ExpectedCpuSeconds, gain));
        return true;
    }
}

internal static class StartTime
{
    /// <summary>The node with the fewest processes, and how many fewer it would have than home, the new one counted at both.</summary>
    public static bool TryLeastLoaded(in Snapshot snapshot, out NodeId target, out double gain)
    {
        target = NodeId.None;
        var least = double.PositiveInfinity;
        foreach (ref readonly var entry in snapshot.Others)
        {
            // Ties go to the lower number: the order of a view means nothing.
            if (entry.Ready < least || (entry.Ready == least && entry.Node.Value < target.Value))
            {
                least = entry.Ready;
                target = entry.Node;
            }
        }

        gain = snapshot.Self.Ready + 1 - (least + 1);
        return gain > 0;
    }
}
