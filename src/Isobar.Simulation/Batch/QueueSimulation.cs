using Isobar.Simulation.Engine;
using Isobar.Simulation.Workloads;

namespace Isobar.Simulation.Batch;

/// <summary>
/// Parallel jobs on a machine whose processors are not shared in time: first come first served, with or without EASY backfilling (Lifka 1995; Mu'alem,
/// Feitelson 2001): a later job may begin before the first of the queue if by its estimate it does not delay that one.
/// </summary>
public sealed class QueueSimulation
{
    private const int Submit = 0;
    private const int Finish = 1;

    private readonly IReadOnlyList<BatchJob> _jobs;
    private readonly bool _backfills;
    private readonly double _estimate;
    private readonly EventQueue _events = new();
    private readonly LinkedList<int> _waiting = new();
    private readonly List<(double End, int Job)> _running = [];
    private readonly ParallelJobResult[] _results;
    private int _free;
    private double _now;

    /// <param name="jobs">In order of submission; a job wider than the machine is an error.</param>
    /// <param name="processors">Processors of the machine.</param>
    /// <param name="backfills">EASY backfilling.</param>
    /// <param name="estimate">What users ask for when the log does not tell: so many times the run time; 1 = exact.</param>
    public QueueSimulation(IReadOnlyList<BatchJob> jobs, int processors, bool backfills, double estimate = 1)
    {
        ArgumentNullException.ThrowIfNull(jobs);
        if (jobs.Any(job => job.Processors > processors))
            throw new SimulationException($"A job of this log wants more than the {processors} processors that there are.");

        _jobs = jobs;
        _free = processors;
        _backfills = backfills;
        _estimate = estimate;
        _results = new ParallelJobResult[jobs.Count];
    }

    /// <summary>Runs all jobs to their end.</summary>
    public ParallelJobResult[] Run()
    {
        for (var i = 0; i < _jobs.Count; i++)
            _events.Post(_jobs[i].Submit, Submit, i);

        while (_events.TryDequeue(out var next))
        {
            _now = next.Time;
            if (next.Kind == Submit)
            {
                _waiting.AddLast(next.Subject);
            }
            else
            {
                _free += _jobs[next.Subject].Processors;
                _running.RemoveAt(_running.FindIndex(one => one.Job == next.Subject));
            }

            Fill();
        }

        return _results;
    }

    private double Estimate(in BatchJob job) => job.Requested > 0 ? Math.Max(job.Requested, job.Run) : job.Run * _estimate;

    private void Fill()
    {
        while (_waiting.First is { } first && _jobs[first.Value].Processors <= _free)
        {
            _waiting.RemoveFirst();
            Begin(first.Value);
        }

        if (_backfills && _waiting.Count > 1 && _free > 0)
            Backfill();
    }

    private void Backfill()
    {
        var (shadow, extra) = Shadow(_jobs[_waiting.First!.Value].Processors);
        for (var at = _waiting.First.Next; at is not null && _free > 0;)
        {
            var (job, next) = (at.Value, at.Next);
            var width = _jobs[job].Processors;
            var endsBefore = _now + Estimate(_jobs[job]) <= shadow;
            if (width <= _free && (endsBefore || width <= extra))
            {
                if (!endsBefore)
                    extra -= width;

                _waiting.Remove(at);
                Begin(job);
            }

            at = next;
        }
    }

    /// <summary>When the first of the queue can begin by the estimates, and how many processors it will leave over then.</summary>
    private (double Time, int Extra) Shadow(int wanted)
    {
        var free = _free;
        foreach (var (end, job) in _running.OrderBy(one => one.End))
        {
            free += _jobs[job].Processors;
            if (free >= wanted)
                return (Math.Max(end, _now), free - wanted);
        }

        return (double.PositiveInfinity, 0);
    }

    private void Begin(int index)
    {
        var job = _jobs[index];
        _free -= job.Processors;
        _running.Add((_now + Estimate(in job), index));
        _events.Post(_now + job.Run, Finish, index);
        _results[index] = new ParallelJobResult(_now - job.Submit, _now - job.Submit + job.Run, job.Run, job.Processors);
    }
}
