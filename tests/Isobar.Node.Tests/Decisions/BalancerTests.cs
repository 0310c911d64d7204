using Isobar.Balancing.Consideration;
using Isobar.Node.Decisions;
using Isobar.Node.Policies;

namespace Isobar.Node.Tests.Decisions;

public sealed class BalancerTests
{
    private static readonly Wish Pays = new(
        ActionKind.Move, "alpha-3", "beta", null, "lifetime", "it pays", default, new Prediction(ShareHere: 0.5, ShareThere: 1, OthersGain: 0, GainSeconds: 12.34, OthersGainSeconds: 0), Ground.Gain);

    private static readonly Wish HasSecond = Pays with { Alternate = "gamma", AlternatePredicted = new Prediction(0.5, 0.75, 0, 4.56, -2) };

    [Fact]
    public void The_ledger_tells_what_a_move_should_save_and_whom()
    {
        Assert.Equal("lifetime: it pays; should save 12.3 s", Balancer.WhyOf(Pays));
        Assert.Equal("lifetime: it pays; should save -0.5 s, and the others 8.0 s", Balancer.WhyOf(Pays with { Predicted = Pays.Predicted with { GainSeconds = -0.5, OthersGainSeconds = 8 } }));
        Assert.Equal("lifetime: it pays; should save 12.3 s, and the others -2.0 s", Balancer.WhyOf(Pays with { Predicted = Pays.Predicted with { OthersGainSeconds = -2 } }));
        Assert.Equal("owner: he is back", Balancer.WhyOf(Pays with { Ground = Ground.NeedInEveryProfile, Rule = "owner", Words = "he is back" }));
    }

    /// <summary>A target that refuses is not the one whose gain is told.</summary>
    [Fact]
    public async Task A_job_that_goes_to_the_second_target_has_the_words_and_the_gain_of_that_one()
    {
        var asked = new List<(string Target, double Share)>();
        var (taken, refusal) = await Balancer.FirstToTakeAsync(HasSecond, "alpha", wish =>
        {
            asked.Add((wish.Target, wish.Predicted.ShareThere));
            return Task.FromResult(wish.Target == "beta" ? "beta is full." : null);
        });
        Assert.Null(refusal);
        Assert.Equal([("beta", 1), ("gamma", 0.75)], asked);
        Assert.Equal(("gamma", null), (taken!.Target, taken.Alternate));
        Assert.Equal("lifetime: it pays; beta refused, so it goes to gamma; should save 4.6 s, and the others -2.0 s", Balancer.WhyOf(taken));
    }

    [Fact]
    public async Task A_job_that_its_target_takes_goes_there_and_one_that_nobody_takes_stays()
    {
        Assert.Same(HasSecond, (await Balancer.FirstToTakeAsync(HasSecond, "alpha", _ => Task.FromResult<string?>(null))).Taken);
        Assert.Equal((null, "beta is full. gamma is full."), await Balancer.FirstToTakeAsync(HasSecond, "alpha", wish => Task.FromResult<string?>($"{wish.Target} is full.")));
        // Where it is already is no second target.
        Assert.Equal((null, "beta is full."), await Balancer.FirstToTakeAsync(HasSecond, "gamma", wish => Task.FromResult<string?>($"{wish.Target} is full.")));
        Assert.Equal((null, "beta is full."), await Balancer.FirstToTakeAsync(Pays, "alpha", wish => Task.FromResult<string?>($"{wish.Target} is full.")));
    }

    [Fact]
    public void Of_a_second_target_of_which_nothing_is_known_nothing_is_predicted()
    {
        var other = (HasSecond with { AlternatePredicted = null }).ToAlternate();
        Assert.Equal((0.5, 0, double.NaN, 0), (other.Predicted.ShareHere, other.Predicted.ShareThere, other.Predicted.GainSeconds, other.Predicted.OthersGainSeconds));
        Assert.Equal("lifetime: it pays; beta refused, so it goes to gamma", Balancer.WhyOf(other));
    }

    [Fact]
    public void A_job_that_starts_on_its_second_node_is_told_so()
    {
        var placed = new Placed("beta", "gamma", "it starts on beta", new Prediction(0.5, 1, 0, double.NaN, 0));
        Assert.Same(placed, placed.At("beta"));
        var second = placed.At("gamma");
        Assert.Equal(("gamma", "it starts on beta; beta refused, so it starts on gamma"), (second.Target, second.Words));
        Assert.Equal((0.5, 0), (second.Predicted.ShareHere, second.Predicted.ShareThere));
    }

    [Fact]
    public void What_must_not_run_here_stands_still_until_it_can_be_moved()
    {
        Assert.Null(Pays.WhileItWaits);
        Assert.Equal(("he is back; it waits for its turn", false), (Pays with { Words = "he is back", StandsStillMeanwhile = true }).WhileItWaits is { } hold ? (hold.Reason, hold.IsFrozen) : default);
    }
}
