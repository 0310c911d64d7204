using Isobar.Balancing.Consideration;
using Isobar.Node.Decisions;
using Isobar.Node.Policies;

namespace Isobar.Node.Tests.Decisions;

public sealed class BalancerTests
{
    private static readonly Wish Pays = new(
        ActionKind.Move, "alpha-3", "beta", null, "lifetime", "it pays", default, ShareHere: 0.5, ShareThere: 1, OthersGain: 0, Ground.Gain, GainSeconds: 12.34);

    [Fact]
    public void The_ledger_tells_what_a_move_should_save_and_whom()
    {
        Assert.Equal("lifetime: it pays; should save 12.3 s", Balancer.WhyOf(Pays));
        Assert.Equal("lifetime: it pays; should save -0.5 s, and the others 8.0 s", Balancer.WhyOf(Pays with { GainSeconds = -0.5, OthersGainSeconds = 8 }));
        Assert.Equal("lifetime: it pays; should save 12.3 s, and the others -2.0 s", Balancer.WhyOf(Pays with { OthersGainSeconds = -2 }));
        Assert.Equal("owner: he is back", Balancer.WhyOf(Pays with { Ground = Ground.NeedInEveryProfile, Rule = "owner", Words = "he is back" }));
    }
}
