using Isobar.Simulation.Statistics;

namespace Isobar.Simulation.Tests.Statistics;

public sealed class StatisticsTests
{
    [Fact]
    public void Quantiles_are_the_nearest_rank()
    {
        var sample = new Sample(1);
        foreach (var value in (double[])[5, 1, 4, 2, 3])
            sample.Add(value);

        Assert.Equal(3, sample.Mean);
        Assert.Equal(3, sample.Quantile(0.5));
        Assert.Equal(5, sample.Quantile(0.95));
        Assert.Equal(1, sample.Quantile(0));
    }

    [Fact]
    public void Jain_is_one_for_equals_and_one_nth_when_one_has_all()
    {
        var equal = new Sample();
        var one = new Sample();
        for (var i = 0; i < 4; i++)
        {
            equal.Add(7);
            one.Add(i == 0 ? 7 : 0);
        }

        Assert.Equal(1, equal.JainIndex(), 12);
        Assert.Equal(0.25, one.JainIndex(), 12);
    }

    /// <summary>1, 2, 3: standard deviation 1, t for two degrees of freedom 4.303.</summary>
    [Fact]
    public void The_interval_is_that_of_student()
    {
        var estimate = Estimate.Of([1, 2, 3]);
        Assert.Equal(2, estimate.Mean, 12);
        Assert.Equal(4.303 / Math.Sqrt(3), estimate.HalfWidth, 9);
        Assert.Equal(0, Estimate.Of([5]).HalfWidth);
    }
}
