using Isobar.Balancing;
using Isobar.Protocol.Jobs;

namespace Isobar.Node.Jobs;

/// <summary>
/// How fast one job gets on where it is, and around its last move. What counts is time in which it runs: while it is moved, stopped or suspended it is not looked at.
/// </summary>
internal sealed class ProgressRecord
{
    /// <summary>How long it is looked at before and after a move.</summary>
    public const double WindowSeconds = 10;

    /// <summary>Shorter looks say nothing: its CPU time is told every two seconds.</summary>
    public const double LeastSeconds = 3;

    /// <summary>A job that got on so little before or after was waiting for something else than a CPU.</summary>
    private const double LeastProgress = 0.01;

    private readonly List<(Instant At, double Cpu)> _looks = [];
    private int _incarnation = -1;
    private double _speed = 1;
    private MoveRecord? _move;
    private double? _before;
    private double _cpuAtMove;
    private MoveGain? _finished;

    public void Take(Instant now, JobStatus status, double speed)
    {
        if (status.State != JobState.Running || status.Held is not null)
        {
            // While it is being moved it keeps what was seen before; a stop in the middle spoils the look.
            if (status.State != JobState.Moving)
                _looks.Clear();
            return;
        }

        if (status.Incarnation != _incarnation)
            Arrive(status.Incarnation);
        _speed = speed;
        _looks.Add((now, status.CpuSeconds));
        var span = now - _looks[0].At;
        if (_move is not null && span >= WindowSeconds)
            End();
        while (_move is null && _looks.Count > 2 && now - _looks[1].At >= WindowSeconds)
            _looks.RemoveAt(0);
    }

    /// <summary>The move that brought it to its new incarnation.</summary>
    public void Moved(MoveRecord move)
    {
        if (_before is not null)
            _move = move;
    }

    /// <summary>What was measured of a move, once.</summary>
    public MoveGain? TakeFinished()
    {
        var finished = _finished;
        _finished = null;
        return finished;
    }

    /// <summary>It ended: what was seen so far must do.</summary>
    public MoveGain? Finish()
    {
        End();
        return TakeFinished();
    }

    private void Arrive(int incarnation)
    {
        End();
        _before = Progress();
        _cpuAtMove = _looks.Count > 0 ? _looks[^1].Cpu * _speed : 0;
        _looks.Clear();
        _incarnation = incarnation;
    }

    private void End()
    {
        if (_move is { } move && _before is { } before && Progress() is { } after)
        {
            _finished = new MoveGain(
                move.When,
                Math.Round(before, 4),
                Math.Round(after, 4),
                before < LeastProgress || after < LeastProgress ? null : Math.Round((_cpuAtMove * ((1 / before) - (1 / after))) - move.FreezeSeconds, 3));
        }

        _move = null;
    }

    private double? Progress()
    {
        if (_looks.Count < 2 || _looks[^1].At - _looks[0].At < LeastSeconds)
            return null;
        return Math.Max(0, _looks[^1].Cpu - _looks[0].Cpu) * _speed / (_looks[^1].At - _looks[0].At);
    }
}
