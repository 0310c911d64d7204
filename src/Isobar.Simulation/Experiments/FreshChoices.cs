using Isobar.Balancing;
using Isobar.Balancing.Consideration;
using Isobar.Simulation.World;

namespace Isobar.Simulation.Experiments;

/// <summary>
/// Each new job goes to that of d random nodes which has the fewest at this very moment, as in the analysis of Mitzenmacher (1996) and of Vvedenskaya,
/// Dobrushin and Karpelevich (1996). It is the shipped rule "best-of" with the "oracle" dissemination, but one count per node serves all deciders,
/// where an oracle's views take n² entries: only so the formula for infinitely many nodes can be approached near saturation.
/// </summary>
/// <remarks>
/// The one object is the rule of all nodes and the observer of the run. It counts a job at its node from the decision on, so starts elsewhere must cost no time.
/// </remarks>
public sealed class FreshChoices : ConsiderationRule, IRunObserver
{
    private static readonly ReasonForm Fewest = new("fresh-choices", "{job} starts on {node}: it has {a} jobs, the fewest of {b} drawn nodes", "jobs drawn");

    private readonly int[] _jobs;
    private readonly int _choices;

    /// <param name="jobs">Jobs that are at each node from the beginning; counted on in this array.</param>
    /// <param name="choices">Nodes drawn, with repetition; at least 1.</param>
    public FreshChoices(int[] jobs, int choices)
    {
        ArgumentNullException.ThrowIfNull(jobs);
        ArgumentOutOfRangeException.ThrowIfLessThan(choices, 1);
        _jobs = jobs;
        _choices = choices;
    }

    public override string Name => "fresh-choices";

    /// <summary>Mean jobs per node with infinitely many nodes of speed 1, exponential demands of mean 1: the sum of load^((d^k - 1)/(d - 1)) over k.</summary>
    /// <param name="choices">d, at least 2.</param>
    /// <param name="load">Arrivals per node and second, 0 to below 1.</param>
    public static double MeanJobs(int choices, double load)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(choices, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(load, 1);
        var sum = 0.0;
        for (var k = 1; ShareWith(choices, load, k) is var share && share > 1e-18; k++)
            sum += share;

        return sum;
    }

    /// <summary>Share of the nodes that have k jobs or more.</summary>
    public static double ShareWith(int choices, double load, int k) => Math.Pow(load, (Math.Pow(choices, k) - 1) / (choices - 1));

    public override bool TryPlace(in Snapshot snapshot, in JobInfo job, ref RandomSource random, out Placement placement)
    {
        var best = random.NextInt(_jobs.Length);
        for (var i = 1; i < _choices; i++)
        {
            var other = random.NextInt(_jobs.Length);
            if (_jobs[other] < _jobs[best])
                best = other;
        }

        placement = new Placement(new NodeId(best), NodeId.None, Fewest.With(job.Id, new NodeId(best), _jobs[best], _choices));
        _jobs[best]++;
        return true;
    }

    public void Ended(double time, int process, int at, ProcessState how) => _jobs[at]--;

    public void MoveBegan(double time, int process, int source, int target, double seconds, string reason)
    {
    }

    public void MoveEnded(double time, int process, int at, bool aborted)
    {
    }

    public void Acted(double time, int process, int at, string what, string reason)
    {
    }

    public void NodeChanged(double time, int node, string what)
    {
    }
}
