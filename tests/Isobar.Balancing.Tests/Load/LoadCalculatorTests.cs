using CsCheck;
using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Tests.Load;

public sealed class LoadCalculatorTests
{
    [Fact]
    public void Mean_is_the_average_and_not_the_sum_of_the_looks()
    {
        LoadCalculator load = Create("mean", ("periodSeconds", 1), ("stepSeconds", 0.25));
        double[] ready = [1, 2, 3, 6];
        for (int i = 0; i < 4; i++)
            load.Sample(Samples.At((i + 1) * 0.25, ready[i]));
        Assert.Equal(3, load.Local, 12);
    }

    [Fact]
    public void Sprites_weights_are_those_of_mig_h()
    {
        Assert.Equal(0.92004, EwmaLoad.Weight(5, 60), 0.00001);
        Assert.Equal(0.98347, EwmaLoad.Weight(5, 300), 0.00001);
        Assert.Equal(0.99446, EwmaLoad.Weight(5, 900), 0.00001);
        LoadCalculator load = Create("ewma");
        load.Sample(Samples.At(5, 1));
        Assert.Equal(1 - 0.92004, load.Local, 0.00001);
        Assert.Equal(1 - 0.98347, load.LocalMedium, 0.00001);
        Assert.Equal(1 - 0.99446, load.LocalSlow, 0.00001);
    }

    [Fact]
    public void Every_calculator_settles_at_a_constant_load() =>
        Gen.Select(Gen.Int[1, 16], Gen.Double[0.2, 4], Gen.Int[0, 40]).Sample((cores, speed, ready) =>
        {
            foreach (Policy<LoadFactory> policy in Policies.Load.All)
            {
                LoadCalculator load = policy.Bind(ParameterValues.DefaultsOf(policy.Name, policy.Parameters))(CoreSet.Uniform(cores, (float)speed));
                double time = 0;
                for (int i = 0; i < 2000; i++)
                {
                    time += load.PeriodSeconds;
                    LoadSample sample = Samples.At(time, ready);
                    sample.CpuUsed = ready;
                    load.Sample(in sample);
                }

                Assert.Equal(ready, load.Ready, 0.01);
                Assert.Equal(load.Local, load.Exported, 0.01);
                if (policy.Name != "representative")
                    Assert.Equal(ready / (cores * (double)(float)speed), load.Exported, 0.01);
            }
        }, iter: 30);

    /// <summary>Before its first period is over (up to two minutes) a calculator would tell that nothing is to be done here.</summary>
    [Fact]
    public void One_that_begins_on_a_machine_at_work_tells_that_at_once() =>
        Gen.Select(Gen.Int[1, 16], Gen.Double[0.2, 4], Gen.Int[0, 40]).Sample((cores, speed, ready) =>
        {
            foreach (Policy<LoadFactory> policy in Policies.Load.All)
            {
                LoadCalculator load = policy.Bind(ParameterValues.DefaultsOf(policy.Name, policy.Parameters))(CoreSet.Uniform(cores, (float)speed));
                LoadSample sample = Samples.At(1000, ready);
                sample.CpuUsed = ready;
                load.Begin(in sample);
                AssertTold(load, cores * (double)(float)speed, ready, policy.Name);
                // What comes after is averaged over a whole period, as ever.
                sample.Time += load.PeriodSeconds / 2;
                (sample.Ready, sample.CpuUsed) = (ready + 10, ready + 10);
                load.Sample(in sample);
                if (load.PeriodSeconds > 2 * load.SampleSeconds)
                    AssertTold(load, cores * (double)(float)speed, ready, policy.Name);
            }
        }, iter: 30);

    private static void AssertTold(LoadCalculator load, double capacity, double ready, string policy)
    {
        Assert.Equal(ready, load.Ready, 6);
        Assert.Equal(ready, load.LocalReady, 6);
        Assert.Equal((load.Exported, load.Exported, load.Exported), (load.Local, load.LocalMedium, load.LocalSlow));
        if (policy != "representative")
            Assert.Equal(ready / capacity, load.Exported, 6);
    }

    [Fact]
    public void Pressure_counts_waiting_as_a_queue()
    {
        Assert.Equal(0, PressureLoad.Waiting(0), 12);
        Assert.Equal(1, PressureLoad.Waiting(0.5), 12);
        Assert.Equal(19, PressureLoad.Waiting(1), 9);
        LoadCalculator load = Create("pressure");
        LoadSample sample = Samples.At(1, 0);
        sample.CpuUsed = 0.5;
        sample.CpuPressure = 0.5;
        sample.MemoryPressure = 0.5;
        sample.IoPressure = 0.5;
        load.Sample(in sample);
        Assert.Equal(0.5 + 1 + 1 + 0.25, load.Local, 9);
    }

    /// <summary>Looks come a little early or late: a period ends with the look that is nearest to its end, and what is short of it by a thousandth is over.</summary>
    [Theory]
    [InlineData(0.1, 0.94, 0)]
    [InlineData(0.1, 0.96, 4)]
    [InlineData(0.001, 0.9985, 0)]
    [InlineData(0.001, 0.9992, 4)]
    public void A_period_ends_at_the_nearest_look(double step, double last, double told)
    {
        LoadCalculator load = Create("mean", ("periodSeconds", 1), ("stepSeconds", step));
        load.Sample(Samples.At(step, 4));
        load.Sample(Samples.At(last, 4));
        Assert.Equal(told, load.Local, 9);
    }

    [Fact]
    public void An_entry_tells_what_the_machine_is()
    {
        LoadCalculator load = Policies.Load.Bind("mean", "test", [])(new CoreSet(1f, 2f, 0.5f));
        var sample = new LoadSample
        {
            Time = Instant.FromSeconds(7),
            FreeMemoryBytes = 5L << 30,
            TotalMemoryBytes = 8L << 30,
            OwnerIdleSeconds = double.PositiveInfinity,
            DiskUtilisation = 0.25,
            NetworkUtilisation = 1.2,
            Guests = 3,
            Flags = NodeFlags.Pool,
        };
        LoadEntry entry = load.ToEntry(new NodeId(4), 2, 9, in sample);
        Assert.Equal((4, 2u, 9u, 3), (entry.Node.Value, entry.Incarnation, entry.Sequence, entry.Cores));
        Assert.Equal((2f, 0.5f, 3.5f), (entry.Speed, entry.SlowestSpeed, entry.Capacity));
        Assert.Equal((5120u, 8192u), (entry.FreeMemoryMiB, entry.TotalMemoryMiB));
        Assert.Equal((ushort.MaxValue, (byte)25, (ushort)3), (entry.OwnerIdleSeconds, entry.DiskPercent, entry.Guests));
        Assert.Equal(100, entry.NetworkPercent);
        Assert.True(entry.Has(NodeFlags.Pool));
        Assert.Equal(3, entry.Age(Instant.FromSeconds(10)), 9);
    }

    private static LoadCalculator Create(string policy, params (string Name, double Value)[] parameters) =>
        Policies.Load.Bind(policy, "test", parameters.Select(p => KeyValuePair.Create(p.Name, p.Value)))(CoreSet.Uniform(1));
}
