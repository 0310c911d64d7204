using CsCheck;
using Isobar.Balancing.Load;

namespace Isobar.Balancing.Tests.Load;

public sealed class RepresentativeTests
{
    private static readonly Gen<float> Speed = Gen.Double[0.05, 20].Select(s => (float)s);

    private static readonly Gen<CoreSet> Machine = Speed.Array[1, 128].Select(speeds => new CoreSet(speeds));

    [Fact]
    public void A_machine_with_a_free_core_is_never_ranked_behind_one_without() =>
        Gen.Select(Machine, Machine, Gen.Double[0, 1], Gen.Double[0, 10]).Sample((free, full, used, overload) =>
        {
            int busy = (int)(used * (free.Count - 1));
            double crowd = full.Count * (1 + overload);
            double a = Representative.Of(free, busy);
            double b = Representative.Of(full, crowd);
            Assert.True(a < b, $"{busy} of {free.Count} ranks {a}, {crowd} of {full.Count} ranks {b}");
            Assert.True(Representative.HasFreeCore(a));
            Assert.False(Representative.HasFreeCore(b));
        }, iter: 20_000);

    [Fact]
    public void What_others_compute_from_an_entry_keeps_the_promise_too() =>
        Gen.Select(Machine, Machine, Gen.Double[0, 1], Gen.Double[0, 10]).Sample((free, full, used, overload) =>
        {
            LoadEntry a = Entry(free);
            LoadEntry b = Entry(full);
            Assert.True(Representative.Of(in a, (int)(used * (free.Count - 1))) < Representative.Of(in b, full.Count * (1 + overload)));
        }, iter: 20_000);

    [Fact]
    public void Among_machines_with_a_free_core_the_faster_free_core_is_better() =>
        Gen.Select(Machine, Machine, Gen.Double[0, 1], Gen.Double[0, 1]).Sample((x, y, usedX, usedY) =>
        {
            int busyX = (int)(usedX * (x.Count - 1));
            int busyY = (int)(usedY * (y.Count - 1));
            int bySpeed = y.Speed(busyY).CompareTo(x.Speed(busyX));
            int byNumber = Representative.Of(x, busyX).CompareTo(Representative.Of(y, busyY));
            Assert.Equal(bySpeed, byNumber);
        }, iter: 5_000);

    [Fact]
    public void Among_full_machines_the_larger_share_is_better() =>
        Gen.Select(Machine, Machine, Gen.Int[0, 300], Gen.Int[0, 300]).Sample((x, y, moreX, moreY) =>
        {
            double shareX = CpuShare.Of(x, x.Count + moreX + 1);
            double shareY = CpuShare.Of(y, y.Count + moreY + 1);
            bool better = Representative.Of(x, x.Count + moreX) < Representative.Of(y, y.Count + moreY);
            Assert.True(better == (shareX > shareY) || Math.Abs(shareX - shareY) < 1e-9 * shareX);
        }, iter: 5_000);

    [Fact]
    public void It_sees_the_hole_that_load_per_core_hides()
    {
        // 4 on 4, 1 on 1 and 3 on 4 cores [systems.md A11].
        Assert.False(Representative.HasFreeCore(Representative.Of(CoreSet.Uniform(4), 4)));
        Assert.False(Representative.HasFreeCore(Representative.Of(CoreSet.Uniform(1), 1)));
        Assert.True(Representative.HasFreeCore(Representative.Of(CoreSet.Uniform(4), 3)));
        Assert.Equal(0.5, Representative.Of(CoreSet.Uniform(4), 3), 12);
        Assert.Equal(1 + 5 / 4.0, Representative.Of(CoreSet.Uniform(4), 4), 12);
    }

    [Fact]
    public void A_share_never_grows_with_more_tasks_and_never_exceeds_the_fastest_core() =>
        Gen.Select(Machine, Gen.Int[1, 300]).Sample((cores, tasks) =>
        {
            LoadEntry entry = Entry(cores);
            double share = CpuShare.Of(in entry, tasks);
            Assert.InRange(share, 0, cores.Fastest * (1 + 1e-6));
            if (tasks != cores.Count)
                Assert.True(CpuShare.Of(in entry, tasks + 1) <= share * (1 + 1e-6));
            Assert.Equal(1 / share, CpuShare.Slowdown(in entry, tasks), 9);
        }, iter: 5_000);

    [Fact]
    public void Equal_cores_share_as_processor_sharing_does()
    {
        LoadEntry entry = Entry(CoreSet.Uniform(4, 2));
        Assert.Equal(2, CpuShare.Of(in entry, 1), 6);
        Assert.Equal(2, CpuShare.Of(in entry, 4), 6);
        Assert.Equal(1, CpuShare.Of(in entry, 8), 6);
        Assert.Equal(2, CpuShare.Of(in entry, 0), 6);
    }

    /// <summary>The next task gets the fastest free core, by the exact cores and by what an entry tells of them.</summary>
    [Theory]
    [InlineData(0, 2, 1 / 3.0)]
    [InlineData(1, 1, 0.5)]
    [InlineData(2, 1, 1 + 3 / 3.0)]
    public void Unequal_cores_are_given_fastest_first(int busy, double share, double representative)
    {
        var cores = new CoreSet(1f, 2f);
        LoadEntry entry = Entry(cores);
        Assert.Equal((share, share), (CpuShare.Of(cores, busy + 1), CpuShare.Of(in entry, busy + 1)));
        Assert.Equal(representative, Representative.Of(cores, busy), 9);
        Assert.Equal(representative, Representative.Of(in entry, busy), 9);
        Assert.Equal(2, CpuShare.Of(cores, 0));
    }

    [Fact]
    public void What_is_told_falls_slower_than_it_rises()
    {
        var load = new RepresentativeLoad(CoreSet.Uniform(1), new RepresentativeLoad.Settings(new PeriodSettings(1, 1, true), 0.5));
        load.Sample(Samples.At(1, 4));
        Assert.Equal((4.0, 4.0), (load.Ready, load.LocalReady));
        load.Sample(Samples.At(2, 0));
        Assert.Equal((2.0, 0.0), (load.Ready, load.LocalReady));
        Assert.True(Representative.HasFreeCore(load.Local));
        Assert.False(Representative.HasFreeCore(load.Exported));
    }

    [Fact]
    public void A_machine_needs_cores_with_speed()
    {
        Assert.Throws<BalancingException>(() => new CoreSet([]));
        Assert.Throws<BalancingException>(() => new CoreSet([1f, 0f]));
        Assert.Throws<BalancingException>(() => new CoreSet([float.NaN]));
    }

    private static LoadEntry Entry(CoreSet cores) => new()
    {
        Node = new NodeId(1),
        Cores = (ushort)cores.Count,
        Speed = cores.Fastest,
        SlowestSpeed = cores.Slowest,
        Capacity = (float)cores.Capacity,
    };
}
