using Isobar.Simulation.Workloads;

namespace Isobar.Simulation.Experiments;

/// <summary>
/// A control variate for the mean number of jobs in a large, balanced cluster near saturation. There the mean of a run hangs on whether a little more
/// or less work than expected happened to arrive: what is too much is worked off only slowly, as exp(-t / T), where T is the derivative of the mean number of jobs per
/// node with respect to the load. By that linear response each piece of work adds to the mean of the run a known part of itself; the sum of these parts less its
/// expectation, which is exact since the law of the arrivals is known, has mean zero, and most of the run's deviation is in it.
/// </summary>
/// <remarks>Whatever T is, the estimate stays unbiased; only its scatter depends on it.</remarks>
public static class BacklogControl
{
    /// <summary>What the chance of the arrivals added to the mean number of jobs per node between warm-up and end.</summary>
    /// <param name="workload">Poisson arrivals from time 0 on.</param>
    /// <param name="from">Items before this index were there from the beginning and are not chance.</param>
    /// <param name="load">Expected work that arrives per node and second.</param>
    /// <param name="warmUp">Where the mean begins, seconds.</param>
    /// <param name="end">Where arrivals and mean end, seconds.</param>
    /// <param name="relaxation">T, seconds.</param>
    public static double Excess(Workload workload, int from, double load, double warmUp, double end, double relaxation)
    {
        ArgumentNullException.ThrowIfNull(workload);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(warmUp, end);
        var sum = 0.0;
        for (var i = from; i < workload.Items.Count; i++)
        {
            var at = workload.Items[i].Arrival;
            sum += workload.Items[i].Cpu * (Math.Exp(-(Math.Max(at, warmUp) - at) / relaxation) - Math.Exp(-(end - at) / relaxation));
        }

        var share = relaxation / (end - warmUp);
        var expected = relaxation * (1 - share * (Math.Exp(-warmUp / relaxation) - Math.Exp(-end / relaxation)));
        return sum * share / workload.Nodes - load * expected;
    }
}
