using Isobar.Balancing.Load;

namespace Isobar.Balancing.Tests.Load;

/// <summary>The test vectors of systems.md A1.</summary>
public sealed class MosixLoadTests
{
    private static readonly double[] Rising = [.375, .609, .756, .847, .905, .940, .963, .977];
    private static readonly double[] Falling = [.875, .766, .670, .586, .513, .449, .393, .344];

    [Fact]
    public void Mean_rises_slowly_and_upper_falls_slowly_as_published()
    {
        var load = new MosixLoad(CoreSet.Uniform(1), new PeriodSettings(1, 1, true));
        for (int i = 0; i < 8; i++)
        {
            load.Sample(Samples.At(i + 1, 1));
            Assert.Equal(Rising[i], load.Local, 0.0006);
            Assert.Equal(1, load.Exported, 12);
        }

        for (int i = 0; i < 8; i++)
        {
            load.Sample(Samples.At(i + 9, 0));
            Assert.Equal(0, load.Local, 12);
            Assert.Equal(Falling[i], load.Exported, 0.0006);
        }
    }

    [Fact]
    public void Loads_are_divided_by_speed_and_cores_unless_switched_off()
    {
        var cores = CoreSet.Uniform(4, 2);
        var normalised = new MosixLoad(cores, new PeriodSettings(1, 1, true));
        var plain = new MosixLoad(cores, new PeriodSettings(1, 1, false));
        normalised.Sample(Samples.At(1, 8));
        plain.Sample(Samples.At(1, 8));
        Assert.Equal(1, normalised.Exported, 12);
        Assert.Equal(8, plain.Exported, 12);
        Assert.Equal(8, normalised.Ready, 12);
    }

    [Fact]
    public void A_period_is_the_mean_of_its_looks_weighted_by_time()
    {
        var load = new MosixLoad(CoreSet.Uniform(1), new PeriodSettings(1, 0.1, true));
        for (int i = 1; i <= 9; i++)
            load.Sample(Samples.At(i * 0.1, i <= 5 ? 4 : 0));
        Assert.Equal(0, load.Exported, 12);
        load.Sample(Samples.At(1.0, 0));
        Assert.Equal(2, load.Exported, 9);
    }

    [Fact]
    public void Load_of_a_job_follows_by_three_eighths_in_both_directions()
    {
        var load = default(JobLoad);
        load.OnPeriod(1);
        Assert.Equal(0.375, load.Value, 12);
        load.OnPeriod(0);
        Assert.Equal(0.375 * 5 / 8, load.Value, 12);
    }

    [Fact]
    public void Statistics_fade_with_the_published_half_lives()
    {
        Assert.Equal(27.4, FadingStatistic.HalfLife(FadingStatistic.Slow), 0.05);
        Assert.Equal(9.0, FadingStatistic.HalfLife(FadingStatistic.Fast), 0.05);
        var statistic = default(FadingStatistic);
        statistic.Add(1000);
        statistic.OnInterval(FadingStatistic.Slow);
        Assert.Equal(975, statistic.Value, 9);
    }
}
