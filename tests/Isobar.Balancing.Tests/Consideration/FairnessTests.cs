using Isobar.Balancing.Consideration.Fairness;

namespace Isobar.Balancing.Tests.Consideration;

public sealed class FairnessTests
{
    /// <summary>systems.md A8.</summary>
    [Fact]
    public void Fair_share_halves_in_a_day_and_grows_with_use_as_published()
    {
        var share = new FairShare();
        Assert.Equal(0.997596, share.Kept(300), 0.000001);
        Assert.Equal(0.5, share.Real(1));
        share.Update(1, 10, 300);
        Assert.Equal(0.5228, share.Real(1), 0.0001);

        var heavy = new FairShare();
        heavy.Update(2, 10, 1e9);
        Assert.Equal(10, heavy.Real(2), 0.001);
        for (int i = 0; i < 288; i++)
            heavy.Update(2, 0, 300);
        Assert.Equal(5, heavy.Real(2), 0.001);
        heavy.Update(2, 0, 1e9);
        Assert.Equal(FairShare.Best, heavy.Real(2), 12);
    }

    [Fact]
    public void Shares_are_inverse_to_the_effective_priority()
    {
        var share = new FairShare();
        share.SetFactor(2, 4);
        Assert.Equal(2, share.Effective(2), 12);
        Assert.Equal(0.8, share.Share(1, [1, 2]), 12);
        Assert.Equal(1, share.Next([2, 1]));
        Assert.Equal(-1, share.Next([]));
    }

    [Fact]
    public void Preemption_needs_an_hour_and_a_fifth_better()
    {
        var share = new FairShare();
        share.SetFactor(2, 1.2);
        Assert.False(share.MayPreempt(1, 2, 3601));
        share.SetFactor(2, 1.21);
        Assert.True(share.MayPreempt(1, 2, 3601));
        Assert.False(share.MayPreempt(1, 2, 3600));
    }

    [Fact]
    public void Up_down_raises_who_holds_lowers_who_is_denied_and_forgets_the_others()
    {
        var index = new UpDownIndex();
        NodeId heavy = new(1), light = new(2), third = new(3);
        for (int i = 0; i < 5; i++)
        {
            index.OnPeriod(heavy, 3, denied: false);
            index.OnPeriod(light, 0, denied: true);
        }

        Assert.Equal((15.0, -5.0, 0.0), (index[heavy], index[light], index[third]));
        Assert.Equal(1, index.Next([heavy, light, third]));
        Assert.Equal(0, index.Victim(light, [heavy, third]));
        Assert.Equal(-1, index.Victim(heavy, [third]));
        for (int i = 0; i < 5; i++)
        {
            index.OnPeriod(heavy, 0, denied: false);
            index.OnPeriod(light, 0, denied: false);
        }

        Assert.Equal((10.0, 0.0), (index[heavy], index[light]));
    }

    [Theory]
    [InlineData(new[] { 0, 1 }, 0, -1)]
    [InlineData(new[] { 0, 2 }, 0, 1)]
    [InlineData(new[] { 2, 3, 5 }, 0, 2)]
    [InlineData(new[] { 4, 3, 5 }, 0, -1)]
    [InlineData(new[] { 9 }, 0, -1)]
    public void Sprite_takes_a_host_from_a_client_that_holds_two_more(int[] held, int requester, int victim) =>
        Assert.Equal(victim, SpriteFairness.Victim(held, requester));
}
