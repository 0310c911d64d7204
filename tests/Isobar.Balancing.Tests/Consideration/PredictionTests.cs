using CsCheck;
using Isobar.Balancing.Consideration;
using Isobar.Balancing.Load;

namespace Isobar.Balancing.Tests.Consideration;

/// <summary>What the ledger tells of a move: what it should save the job, and what all others.</summary>
public sealed class PredictionTests
{
    private static readonly NodeId Target = new(1);

    [Fact]
    public void A_job_may_lose_by_a_move_that_the_one_beside_it_gains_by()
    {
        // 2 tasks on 0.4 cores: 5 s per CPU second each. Alone on 0.15 cores it takes 6.67, and the other one 2.5 instead of 5.
        Scene scene = Beside(2, Scene.Machine(0, 2, 1, 0.4f)).WithOthers(Scene.Machine(1, 0, 1, 0.15f));
        Prediction predicted = Of(scene, Target);
        Assert.Equal(0.2, predicted.ShareHere, 6);
        Assert.Equal(0.15, predicted.ShareThere, 6);
        Assert.Equal(2.5, predicted.OthersGain, 6);
        Assert.Equal(50 * (5 - 1 / 0.15) - scene.Costs.Seconds(scene.Jobs[0]), predicted.GainSeconds, 4);
        Assert.Equal(125, predicted.OthersGainSeconds, 4);
    }

    [Fact]
    public void Those_whom_it_joins_lose_what_is_taken_from_the_others_gain()
    {
        // Here one other, who gets 1 s per CPU second back; there three, each of whom waits 1 s longer.
        Scene scene = Beside(2, Scene.Machine(0, 2)).WithOthers(Scene.Machine(1, 3));
        Prediction predicted = Of(scene, Target);
        Assert.Equal(50 * (1 - 3), predicted.OthersGainSeconds, 6);
        Assert.Equal(50 * (2 - 4) - scene.Costs.Seconds(scene.Jobs[0]), predicted.GainSeconds, 6);
    }

    [Fact]
    public void Of_a_target_that_is_not_known_nothing_is_predicted()
    {
        Prediction predicted = Of(Beside(2, Scene.Machine(0, 2)).WithOthers(Scene.Machine(2, 0)), Target);
        Assert.Equal((0.5, 0, 1, double.NaN, 0), (predicted.ShareHere, predicted.ShareThere, predicted.OthersGain, predicted.GainSeconds, predicted.OthersGainSeconds));
        Prediction known = Of(Beside(2, Scene.Machine(0, 2)).WithOthers(Scene.Machine(1, 0)), Target);
        Assert.Equal(predicted, known.Elsewhere());
    }

    /// <summary>Two tasks with 25 CPU seconds each on one core, beside one other: while they use as much again (150 s), the other one uses 25 at a slowdown of 3 instead of 1.</summary>
    [Fact]
    public void The_tasks_of_a_job_run_beside_each_other_and_so_do_the_others()
    {
        Scene scene = Beside(3, Scene.Machine(0, 3)).WithOthers(Scene.Machine(1, 0, 2));
        scene.Jobs[0] = scene.Jobs[0] with { Tasks = 2 };
        Prediction predicted = Of(scene, Target);
        Assert.Equal(25 * (3 - 1) - scene.Costs.Seconds(scene.Jobs[0]), predicted.GainSeconds, 6);
        Assert.Equal(25 * (3 - 1), predicted.OthersGainSeconds, 6);
    }

    [Fact]
    public void A_job_that_is_about_to_start_is_not_among_the_tasks_yet()
    {
        JobInfo job = Scene.Job(1, 0);
        Assert.Equal(0.5, Prediction.Of(new Scene().SetReady(1).Snapshot(), in job, Target).ShareHere, 6);
    }

    /// <summary>What the rule of the profile isobar moves is worth it by these sums, however it came to that by its own.</summary>
    [Fact]
    public void What_the_rule_lifetime_moves_gains_together_with_the_others_more_than_it_costs() =>
        Gen.Select(Gen.Int[1, 12], Gen.Int[1, 4], Gen.Float[0.1f, 2], Gen.Int[0, 12], Gen.Int[1, 4], Gen.Float[0.1f, 2], Gen.Double[1, 500])
            .Sample((ready, cores, speed, readyThere, coresThere, speedThere, age) =>
            {
                var scene = new Scene();
                scene.Self = Scene.Machine(0, ready, cores, speed);
                scene.WithJobs(Scene.Job(1, age)).SetReady(ready).WithOthers(Scene.Machine(1, readyThere, coresThere, speedThere), Scene.Machine(2, 3));
                foreach (PlannedAction move in scene.Decide(Scene.Rule("lifetime", ("others", 1), ("periodic", 1))).Actions)
                {
                    AssertPays(Of(scene, move.To));
                    if (!move.Alternate.IsNone)
                        AssertPays(Of(scene, move.Alternate));
                }
            });

    private static void AssertPays(Prediction predicted) => Assert.True(predicted.GainSeconds + predicted.OthersGainSeconds > 0, $"{predicted}");

    private static Prediction Of(Scene scene, NodeId target)
    {
        JobInfo job = scene.Jobs[0];
        return Prediction.Of(scene.Snapshot(), in job, target);
    }

    private static Scene Beside(int ready, LoadEntry self)
    {
        var scene = new Scene();
        scene.Self = self;
        return scene.WithJobs(Scene.Job(1, 50)).SetReady(ready);
    }
}
