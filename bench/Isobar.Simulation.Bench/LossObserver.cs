using Isobar.Simulation.World;

namespace Isobar.Simulation.Bench;

/// <summary>What of the machines' capacity was left unused in a run of a heap of jobs, and why; CPU seconds of a standard core. All machines have one core, all jobs begin on the first.</summary>
/// <param name="speeds">Speeds of the machines' cores.</param>
/// <param name="jobs">How many jobs.</param>
/// <param name="change">A machine that becomes another; null: none.</param>
internal sealed class LossObserver(IReadOnlyList<double> speeds, int jobs, MachineChange? change) : IRunObserver
{
    // Until all are handed in there are fewer than there will be.
    private const double Begins = 2;

    private readonly double[] _speeds = [.. speeds];
    private readonly int[] _places = new int[jobs];
    private readonly bool[] _moves = new bool[jobs];
    private readonly bool[] _ended = new bool[jobs];
    private readonly int[] _counts = new int[speeds.Count];
    private double _last;

    /// <summary>There were fewer jobs than machines.</summary>
    public double AtTheEnd { get; private set; }

    /// <summary>Machines stood empty while several jobs were on another, or on the way to it.</summary>
    public double BesideACrowd { get; private set; }

    /// <summary>Each job had a machine, but not the fastest ones.</summary>
    public double OnTheWrongOnes { get; private set; }

    public void MoveBegan(double time, int process, int source, int target, double seconds, string reason)
    {
        AdvanceTo(time);
        _moves[process] = true;
    }

    public void MoveEnded(double time, int process, int at, bool aborted)
    {
        AdvanceTo(time);
        (_moves[process], _places[process]) = (false, at);
    }

    public void Acted(double time, int process, int at, string what, string reason)
    {
    }

    public void Ended(double time, int process, int at, ProcessState how)
    {
        AdvanceTo(time);
        _ended[process] = true;
    }

    public void NodeChanged(double time, int node, string what)
    {
        AdvanceTo(time);
        if (change is not null && change.Node == node)
            _speeds[node] = change.Cores.Fastest;
    }

    private void AdvanceTo(double time)
    {
        var elapsed = time - Math.Max(_last, Begins);
        _last = time;
        if (elapsed <= 0)
            return;

        Array.Clear(_counts);
        var alive = 0;
        for (var job = 0; job < _places.Length; job++)
        {
            alive += _ended[job] ? 0 : 1;
            if (!_ended[job] && !_moves[job])
                _counts[_places[job]]++;
        }

        var used = _speeds.Where((_, machine) => _counts[machine] > 0).Sum();
        var possible = _speeds.OrderDescending().Take(alive).Sum();
        AtTheEnd += elapsed * (_speeds.Sum() - possible);
        if (_counts.Max() > 1)
            BesideACrowd += elapsed * (possible - used);
        else
            OnTheWrongOnes += elapsed * (possible - used);
    }
}
