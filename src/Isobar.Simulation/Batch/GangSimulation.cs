using Isobar.Balancing.Consideration.Gangs;
using Isobar.Simulation.Workloads;

namespace Isobar.Simulation.Batch;

/// <summary>
/// Parallel jobs under gang scheduling by a <see cref="SlotMatrix"/>, in the limit of short slices: with R rows a job gets the share of the
/// slices in which it runs, less what switching costs. Jobs that find no row wait, first come first served.
/// </summary>
public sealed class GangSimulation
{
    private readonly IReadOnlyList<BatchJob> _jobs;
    private readonly SlotMatrix _matrix;
    private readonly double _useful;
    private readonly Queue<int> _waiting = new();
    private readonly Dictionary<int, (double Left, double Rate)> _running = [];
    private readonly List<int> _slice = [];
    private readonly double[] _began;
    private readonly ParallelJobResult[] _results;
    private double _now;

    /// <param name="jobs">In order of submission; a job wider than the machine is an error.</param>
    /// <param name="processors">Processors of the machine.</param>
    /// <param name="maxRows">The most jobs that share a processor; 1 is plain first come first served.</param>
    /// <param name="switchShare">Share of each slice that switching takes when there is more than one row, 0 to 1.</param>
    public GangSimulation(IReadOnlyList<BatchJob> jobs, int processors, int maxRows, double switchShare = 0)
    {
        ArgumentNullException.ThrowIfNull(jobs);
        if (jobs.Any(job => job.Processors > processors))
            throw new SimulationException($"A job of this log wants more than the {processors} processors that there are.");

        _jobs = jobs;
        _matrix = new SlotMatrix(processors, maxRows);
        _useful = 1 - switchShare;
        _began = new double[jobs.Count];
        _results = new ParallelJobResult[jobs.Count];
    }

    /// <summary>Runs all jobs to their end.</summary>
    public ParallelJobResult[] Run()
    {
        var next = 0;
        while (next < _jobs.Count || _running.Count > 0)
        {
            var (first, end) = FirstEnd();
            if (next < _jobs.Count && _jobs[next].Submit <= end)
            {
                AdvanceTo(_jobs[next].Submit);
                _waiting.Enqueue(next++);
            }
            else
            {
                AdvanceTo(end);
                _running.Remove(first);
                _matrix.Remove(first);
                var job = _jobs[first];
                _results[first] = new ParallelJobResult(_began[first] - job.Submit, _now - job.Submit, job.Run, job.Processors);
            }

            Fill();
            Share();
        }

        return _results;
    }

    private (int Job, double Time) FirstEnd()
    {
        var (first, end) = (-1, double.PositiveInfinity);
        foreach (var (job, (left, rate)) in _running)
        {
            var time = _now + left / rate;
            if (time < end || (time == end && job < first))
                (first, end) = (job, time);
        }

        return (first, end);
    }

    private void AdvanceTo(double time)
    {
        var elapsed = time - _now;
        _now = time;
        if (elapsed <= 0)
            return;

        foreach (var job in _matrix.Jobs)
        {
            var (left, rate) = _running[job];
            _running[job] = (Math.Max(0, left - elapsed * rate), rate);
        }
    }

    private void Fill()
    {
        while (_waiting.TryPeek(out var job) && _matrix.TryPlace(job, _jobs[job].Processors))
        {
            _waiting.Dequeue();
            _running[job] = (_jobs[job].Run, 1);
            _began[job] = _now;
        }
    }

    private void Share()
    {
        var slices = _matrix.Jobs.ToDictionary(job => job, _ => 0);
        for (var row = 0; row < _matrix.Rows; row++)
        {
            _matrix.Running(row, _slice);
            foreach (var job in _slice)
                slices[job]++;
        }

        foreach (var (job, count) in slices)
        {
            // Who runs in every slice is never switched.
            var rate = count == _matrix.Rows ? 1 : _useful * count / _matrix.Rows;
            _running[job] = (_running[job].Left, rate);
        }
    }
}
