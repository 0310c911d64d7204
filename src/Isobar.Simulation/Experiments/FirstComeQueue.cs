using Isobar.Simulation.Workloads;

namespace Isobar.Simulation.Experiments;

/// <summary>
/// The queue M/M/c served first come first served: its exact mean response (Erlang 1917), and that of one given stream of jobs by the recursion of
/// Kiefer and Wolfowitz (1955). With exponential demands as many jobs are in it as in a processor-sharing one, so by Little's law their mean
/// responses are the same. Fed with the same jobs as a simulation it is a control variate: near saturation a mean over a run hangs on a few long
/// excursions of the backlog, which both have alike, so that their difference is known far better than either.
/// </summary>
public static class FirstComeQueue
{
    /// <summary>Exact mean response in units of the mean demand.</summary>
    /// <param name="servers">Servers of speed 1, at least 1.</param>
    /// <param name="load">Offered load per server, 0 to below 1.</param>
    public static double Exact(int servers, double load)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(servers, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(load, 1);

        // Erlang's loss formula by its recursion, from it the share of jobs that wait.
        var offered = load * servers;
        var lost = 1.0;
        for (var k = 1; k <= servers; k++)
            lost = offered * lost / (k + offered * lost);

        var waits = lost / (1 - load * (1 - lost));
        return 1 + waits / (servers * (1 - load));
    }

    /// <summary>Mean response in seconds of the jobs of a workload that arrive at or after a time, all served in one queue.</summary>
    /// <param name="workload">Jobs in order of arrival.</param>
    /// <param name="servers">Servers of speed 1, at least 1.</param>
    /// <param name="warmUp">Jobs that arrive before are served, not measured; seconds.</param>
    public static double MeanResponse(Workload workload, int servers, double warmUp)
    {
        ArgumentNullException.ThrowIfNull(workload);
        ArgumentOutOfRangeException.ThrowIfLessThan(servers, 1);
        var free = new double[servers];
        var sum = 0.0;
        var count = 0;
        foreach (var item in workload.Items)
        {
            var first = 0;
            for (var i = 1; i < servers; i++)
                first = free[i] < free[first] ? i : first;

            free[first] = Math.Max(free[first], item.Arrival) + item.Cpu;
            if (item.Arrival < warmUp)
                continue;

            sum += free[first] - item.Arrival;
            count++;
        }

        return count == 0 ? 0 : sum / count;
    }
}
