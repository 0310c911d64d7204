using Isobar.Balancing;
using Isobar.Balancing.Consideration;

namespace Isobar.Simulation.World;

/// <content>Profiles whose decisions are made by one manager (node 0) for all: it knows each node by its last report.</content>
public sealed partial class ClusterSimulation
{
    private const int Manager = 0;

    private readonly CentralConsideration? _central;
    private CentralNode[] _known = [];

    private void DecideCentrally(Trigger trigger)
    {
        var manager = _nodes[Manager];
        if (!manager.IsUp)
            return;

        var known = Knowledge(withJobs: true, out _);
        var now = Instant.FromSeconds(_now);
        _central!.Decide(now, known, manager.Protocol.Roster, _costs, trigger, ref manager.Random, _plan);
        _recorder.CountDecision(manager.Protocol.View, now);
    }

    /// <summary>The manager's answer to a node that asks where a new process shall start; null when the manager cannot be asked.</summary>
    private Placement? PlaceCentrally(SimulatedProcess process, SimulatedNode here)
    {
        var manager = _nodes[Manager];
        SendControl(here, manager);
        if (!manager.IsUp || manager.Side != here.Side)
            return null;

        SendControl(manager, here);
        var known = Knowledge(withJobs: false, out var indexes);
        var index = Array.IndexOf(indexes, here.Index);
        return index < 0
            ? null
            : _central!.Place(Instant.FromSeconds(_now), known, index, in process.Info, manager.Protocol.Roster, _costs, ref manager.Random);
    }

    /// <summary>Entries as reported, the manager's own as it is; the jobs of a node come with its report.</summary>
    private ReadOnlySpan<CentralNode> Knowledge(bool withJobs, out int[] indexes)
    {
        var manager = _nodes[Manager];
        WriteTruth(manager);
        if (_known.Length == 0)
            _known = [.. _nodes.Select(_ => new CentralNode())];

        indexes = new int[_nodes.Length];
        var count = 0;
        foreach (var node in _nodes)
        {
            var entry = EntryOf(node);
            if (!node.IsUp || (node != manager && !manager.Protocol.View.TryGet(node.Id, out entry)))
                continue;

            var known = _known[count];
            var state = StateOf(node);
            if (node != manager)
            {
                state.LocalLoad = entry.Load;
                state.ReadyNow = entry.Ready;
            }

            known.Entry = entry;
            known.State = state;
            known.Jobs.Clear();
            if (withJobs)
                known.Jobs.AddRange(JobsOf(node));

            indexes[count++] = node.Index;
        }

        return _known.AsSpan(0, count);
    }
}
