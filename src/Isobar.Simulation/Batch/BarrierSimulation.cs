using Isobar.Simulation.Engine;

namespace Isobar.Simulation.Batch;

/// <summary>How the processes of parallel jobs share their nodes in time.</summary>
public enum SharingInTime
{
    /// <summary>All nodes run the same job in the same slice.</summary>
    Gang,

    /// <summary>Each node takes turns by itself; a process that waits at a barrier spins its slice away.</summary>
    LocalSpinning,

    /// <summary>Each node takes turns by itself; a process that waits at a barrier gives the node to the next one at once.</summary>
    LocalBlocking,
}

/// <summary>
/// The barrier benchmark of systems.md G16: jobs with one process on every node compute for a phase, then wait for each other, again and again. In steps
/// of a twentieth of the shorter of phase and slice.
/// </summary>
/// <param name="nodes">Nodes, each with one process of every job.</param>
/// <param name="jobs">Jobs that share the nodes.</param>
/// <param name="phaseSeconds">CPU seconds between two barriers.</param>
/// <param name="sliceSeconds">Length of a turn.</param>
/// <param name="seed">Seed of the nodes' phases.</param>
public sealed class BarrierSimulation(int nodes, int jobs, double phaseSeconds, double sliceSeconds, ulong seed)
{
    private const int Steps = 20;

    private readonly double[,] _left = new double[jobs, nodes];
    private readonly int[] _turn = new int[nodes];
    private readonly double[] _turnLeft = new double[nodes];

    /// <summary>Work done, phases of all jobs over what the nodes could have done: 1 when no cycle is lost.</summary>
    public double Efficiency(SharingInTime sharing, double seconds)
    {
        var random = new SeededRandom(seed);
        var step = Math.Min(phaseSeconds, sliceSeconds) / Steps;
        for (var node = 0; node < nodes; node++)
        {
            _turn[node] = sharing == SharingInTime.Gang ? 0 : random.Next(jobs);
            _turnLeft[node] = sharing == SharingInTime.Gang ? sliceSeconds : sliceSeconds * random.NextDouble();
            for (var job = 0; job < jobs; job++)
                _left[job, node] = phaseSeconds;
        }

        long phases = 0;
        for (var time = 0.0; time < seconds; time += step)
        {
            for (var node = 0; node < nodes; node++)
                Work(node, step, sharing);

            phases += OpenBarriers();
        }

        return phases * phaseSeconds / seconds;
    }

    private void Work(int node, double step, SharingInTime sharing)
    {
        if (sharing == SharingInTime.LocalBlocking)
        {
            for (var i = 0; i < jobs && _left[_turn[node], node] <= 0; i++)
                Next(node);
        }

        _left[_turn[node], node] -= step;
        _turnLeft[node] -= step;
        if (_turnLeft[node] <= step / 2)
            Next(node);
    }

    private void Next(int node)
    {
        _turn[node] = (_turn[node] + 1) % jobs;
        _turnLeft[node] = sliceSeconds;
    }

    private int OpenBarriers()
    {
        var opened = 0;
        for (var job = 0; job < jobs; job++)
        {
            var all = true;
            for (var node = 0; node < nodes && all; node++)
                all = _left[job, node] <= phaseSeconds / Steps / 1e6;

            if (!all)
                continue;

            opened++;
            for (var node = 0; node < nodes; node++)
                _left[job, node] = phaseSeconds;
        }

        return opened;
    }
}
