using Isobar.Balancing;
using Isobar.Balancing.Load;

namespace Isobar.Simulation.World;

/// <content>Perfect knowledge for profiles that assume it, fresh or from a bulletin board, and how far belief was from truth.</content>
public sealed partial class ClusterSimulation
{
    private uint _truth;
    private LoadEntry[] _board = [];
    private double _boardUntil;

    /// <summary>Perfect knowledge, for profiles that assume it.</summary>
    private void WriteTruth(SimulatedNode reader)
    {
        if (!_isOracle)
            return;

        if (_scenario.KnowledgePeriod > 0)
        {
            ReadBoard(reader);
            return;
        }

        _truth++;
        foreach (var node in _nodes)
        {
            if (node == reader)
                continue;

            if (!node.IsUp)
            {
                reader.Protocol.View.Remove(node.Id);
                continue;
            }

            var entry = EntryOf(node);
            entry.Sequence = _truth;
            reader.Protocol.View.Merge(in entry);
        }
    }

    private void ReadBoard(SimulatedNode reader)
    {
        if (_board.Length == 0 || _now >= _boardUntil)
        {
            _truth++;
            _boardUntil = (Math.Floor(_now / _scenario.KnowledgePeriod) + 1) * _scenario.KnowledgePeriod;
            if (_board.Length == 0)
                _board = new LoadEntry[_nodes.Length];

            foreach (var node in _nodes)
            {
                _board[node.Index] = EntryOf(node);
                _board[node.Index].Sequence = _truth;
            }
        }

        if (reader.BoardRead == _truth)
            return;

        reader.BoardRead = _truth;
        foreach (ref readonly var entry in _board.AsSpan())
        {
            if (entry.Node != reader.Id)
                reader.Protocol.View.Merge(in entry);
        }
    }

    /// <summary>Compares what was believed of the target with the truth at the moment of acting.</summary>
    private void NoteStaleness(SimulatedNode decider, SimulatedNode target)
    {
        if (!decider.Protocol.View.TryGet(target.Id, out var entry))
            return;

        var truth = target.Cpu.Count + target.MovesIn;
        var error = Math.Abs(entry.Ready - truth);
        var wrong = target.Cpu.Cores.FastestSum(truth + 1) / (truth + 1) < decider.Cpu.Rate;
        _recorder.CountMoveDecision(entry.Age(Instant.FromSeconds(_now)), error >= 1, wrong);
    }
}
