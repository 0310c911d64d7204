using Isobar.Balancing;
using Isobar.Balancing.Consideration;

namespace Isobar.Simulation.Experiments;

/// <summary>
/// What balancing could do if moves were free and knowledge perfect: whenever two nodes differ by two processes or more, one moves. Under processor
/// sharing it does not matter for the mean which one, except for what comes later; the youngest is taken. Needs the "oracle" dissemination, decisions
/// on news, and moves that cost nothing.
/// </summary>
/// <remarks>
/// The lifetime rule at no cost is not that: it wants an age above zero, and on a trace whose arrivals have a resolution of 0.1 s processes
/// that arrive together have none.
/// </remarks>
public sealed class FreeBalancingRule : ConsiderationRule
{
    private static readonly ReasonForm Uneven = new("free", "{job} moves to {node}: it has {a} processes, here are {b}", "there here");

    public override string Name => "free";

    public override bool Consider(in Snapshot snapshot, Trigger trigger, ref RandomSource random, Plan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        var target = NodeId.None;
        var least = double.PositiveInfinity;
        foreach (ref readonly var entry in snapshot.Others)
        {
            if (entry.Ready < least)
                (least, target) = (entry.Ready, entry.Node);
        }

        if (snapshot.Self.Ready < least + 2)
            return false;

        var youngest = -1;
        for (var i = 0; i < snapshot.Jobs.Length; i++)
        {
            if (snapshot.Jobs[i].IsMovable && (youngest < 0 || snapshot.Jobs[i].CpuSeconds < snapshot.Jobs[youngest].CpuSeconds))
                youngest = i;
        }

        if (youngest >= 0)
            plan.Move(in snapshot.Jobs[youngest], target, Uneven.With(snapshot.Jobs[youngest].Id, target, least, snapshot.Self.Ready));

        return false;
    }
}
