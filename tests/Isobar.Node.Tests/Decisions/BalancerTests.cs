using Grpc.Core;
using Isobar.Balancing.Consideration;
using Isobar.Node.Decisions;
using Isobar.Node.Policies;
using Isobar.Node.Tests.Policies;
using Isobar.Protocol.Jobs;
using Microsoft.Extensions.Logging.Abstractions;

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

    /// <summary>It goes on by itself and nobody waits for it: what goes wrong is told by isobar why, whatever it is.</summary>
    [Fact]
    public async Task A_fault_of_the_program_is_told_and_the_job_left_alone_for_a_while()
    {
        using var node = new PoliciesOfOneNode(NodeNumbers.Of(NodeNumbersTests.Of(("alpha", "00000001", 1), ("beta", "00000002", 2)), "alpha"));
        var log = new DecisionLog();
        // Without anybody to ask it fails as only a program with a fault can.
        var balancer = new Balancer(node.Runtime, node.Policies, node.Settings, null!, null!, null!, log, NullLogger<Balancer>.Instance);
        balancer.Begin(Pays, TestContext.Current.CancellationToken);
        balancer.Begin(Pays with { Job = "alpha-4", Kind = ActionKind.Suspend }, TestContext.Current.CancellationToken);
        foreach (var job in (string[])["alpha-3", "alpha-4"])
        {
            for (var i = 0; i < 400 && log.Of(job).Decisions.Count == 0; i++)
                await Task.Delay(50, TestContext.Current.CancellationToken);
            Assert.StartsWith("failed: ", Assert.Single(log.Of(job).Decisions).Outcome, StringComparison.Ordinal);
        }

        var isFree = false;
        for (var i = 0; i < 400 && !(isFree = node.Policies.TryBeginMove("alpha-9", 1)); i++)
            await Task.Delay(50, TestContext.Current.CancellationToken);
        Assert.True(isFree, "the move that failed still counts as under way");
    }

    [Fact]
    public async Task An_answer_that_does_not_come_is_not_waited_for_without_end()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var none = await HomeMoves.AnswerWithinAsync(TimeSpan.FromSeconds(0.1), "beta", async token =>
        {
            await Task.Delay(TimeSpan.FromMinutes(1), token);
            return new CommandDone();
        }, cancellation);
        Assert.Equal("beta did not answer within 0 s.", none.Failure);
        var call = await HomeMoves.AnswerWithinAsync(TimeSpan.FromSeconds(0.1), "beta", async token =>
        {
            await Task.Delay(TimeSpan.FromMinutes(1), token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw new RpcException(new Grpc.Core.Status(StatusCode.Cancelled, "Call canceled by the client."));
        }, cancellation);
        Assert.Equal("beta did not answer within 0 s.", call.Failure);
        Assert.Equal(7, (await HomeMoves.AnswerWithinAsync(TimeSpan.FromMinutes(1), "beta", _ => Task.FromResult(new CommandDone(Bytes: 7)), cancellation)).Bytes);
    }

    [Fact]
    public void What_must_not_run_here_stands_still_until_it_can_be_moved()
    {
        Assert.Null(Pays.WhileItWaits);
        Assert.Equal(("he is back; it waits for its turn", HoldKind.Suspended), (Pays with { Words = "he is back", StandsStillMeanwhile = true }).WhileItWaits is { } hold ? (hold.Reason, hold.Kind) : default);
    }
}
