using CsCheck;
using Isobar.Balancing.Consideration;
using Isobar.Balancing.Consideration.Balance;
using Isobar.Balancing.Load;

namespace Isobar.Balancing.Tests.Consideration;

public sealed class LifetimeRuleTests
{
    private const double Half = 0.5e6 / (1 << 20);

    [Fact]
    public void The_1996_costs_are_those_of_the_paper()
    {
        Assert.Equal(0.3 + (1 << 20) / 0.5e6, CostModel.Of1996.Seconds(1L << 20), 9);
        Assert.Equal(0.15 + 100e6 / 1e9, CostModel.Modern.Seconds(100_000_000), 9);
        Assert.Equal((0.3, 0.03), (CostModel.Of1996.PlacementSeconds, CostModel.Modern.PlacementSeconds));
        JobInfo hinted = Scene.Job(1, 1);
        hinted.FreezeSecondsHint = 0.07;
        Assert.Equal(0.07, CostModel.Modern.Seconds(in hinted));
    }

    [Theory]
    [InlineData(1.29, false)]
    [InlineData(1.30, false)]
    [InlineData(1.31, true)]
    public void Age_must_exceed_the_cost_over_the_difference(double age, bool moves)
    {
        // 0.3 s + 0.5 MB at 0.5 MB/s = 1.3 s; n = 2, m = 1.
        Scene scene = new Scene().WithJobs(Scene.Job(1, age, Half), Scene.Job(2, 0)).WithOthers(Scene.Machine(1, 0));
        Assert.Equal(moves ? 1 : 0, scene.Decide(Scene.Rule("lifetime"), Trigger.Arrival).Actions.Length);
    }

    [Theory]
    [InlineData(3, 1, 1.31, true)]
    [InlineData(3, 2, 100, false)]
    [InlineData(4, 1, 0.66, true)]
    [InlineData(4, 1, 0.64, false)]
    [InlineData(2, 1, 100, false)]
    public void N_counts_the_source_and_m_the_target_with_the_migrant(int here, int there, double age, bool moves)
    {
        Scene scene = new Scene().WithJobs(Scene.Job(1, age, Half)).SetReady(here).WithOthers(Scene.Machine(1, there));
        Assert.Equal(moves ? 1 : 0, scene.Decide(Scene.Rule("lifetime"), Trigger.Arrival).Actions.Length);
    }

    [Fact]
    public void The_job_with_the_largest_benefit_goes_to_the_node_that_serves_it_fastest()
    {
        Scene scene = new Scene()
            .WithJobs(Scene.Job(1, 5), Scene.Job(2, 50), Scene.Job(3, 49, 0.1), Scene.Job(4, 0.1))
            .WithOthers(Scene.Machine(1, 1), Scene.Machine(2, 0), Scene.Machine(3, 2));
        PlannedAction move = scene.Single(Scene.Rule("lifetime"), Trigger.Arrival);
        Assert.Equal(new JobId(2), move.Job);
        Assert.Equal(new NodeId(2), move.To);
        Assert.Equal(new NodeId(1), move.Alternate);
        Assert.Contains("50", move.Reason.Describe(), StringComparison.Ordinal);
        Assert.Equal(["age", "cost", "here", "there"], move.Reason.Fields().Select(f => f.Key));
        Assert.Equal(4, move.Reason.Fields().Single(f => f.Key == "here").Value);
    }

    [Fact]
    public void Published_it_considers_at_arrivals_only()
    {
        Scene scene = new Scene().WithJobs(Scene.Job(1, 50), Scene.Job(2, 50)).WithOthers(Scene.Machine(1, 0));
        Assert.Equal(0, scene.Decide(Scene.Rule("lifetime"), Trigger.Periodic).Actions.Length);
        Assert.Equal(1, scene.Decide(Scene.Rule("lifetime", ("periodic", 1)), Trigger.News).Actions.Length);
    }

    [Fact]
    public void A_job_rests_for_the_costs_or_the_growth_that_damping_asks_for()
    {
        JobInfo job = Scene.Job(1, 30, Half);
        job.Moves = 1;
        job.CpuSecondsHere = 6.4;
        Scene scene = new Scene().WithJobs(job, Scene.Job(2, 0)).WithOthers(Scene.Machine(1, 0));
        Assert.Equal(1, scene.Decide(Scene.Rule("lifetime"), Trigger.Arrival).Actions.Length);
        Assert.Equal(0, scene.Decide(Scene.Rule("lifetime", ("residence", 5)), Trigger.Arrival).Actions.Length);
        Assert.Equal(1, scene.Decide(Scene.Rule("lifetime", ("residence", 4.9)), Trigger.Arrival).Actions.Length);
        Plan resting = scene.Decide(Scene.Rule("lifetime", ("growth", 0.3)), Trigger.Arrival);
        Assert.Equal(0, resting.Actions.Length);
        Scene.AssertExplained(Assert.Single(resting.Stays, s => s.Job == job.Id), "lifetime");
        Assert.Equal(1, scene.Decide(Scene.Rule("lifetime", ("growth", 0.27)), Trigger.Arrival).Actions.Length);
    }

    [Fact]
    public void With_growth_one_the_moves_of_a_job_are_bounded_by_the_logarithm_of_its_life() =>
        Gen.Select(Gen.Double[1, 20], Gen.Double[50, 5000], Gen.Double[0.01, 2], Gen.ULong).Sample((first, life, step, seed) =>
        {
            // The worst world: another node is always empty and this one always full.
            ConsiderationRule rule = Scene.Rule("lifetime", ("growth", 1), ("periodic", 1));
            var random = new RandomSource(seed);
            JobInfo job = Scene.Job(1, first, 0.01);
            job.CpuSecondsHere = first;
            int moves = 0;
            double firstMove = 0;
            while (job.CpuSeconds < life)
            {
                Scene scene = new Scene().WithJobs(job).SetReady(5).WithOthers(Scene.Machine(1, 0));
                if (scene.Decide(rule, Trigger.Periodic, explains: false).Actions.Length == 1)
                {
                    firstMove = moves == 0 ? job.CpuSeconds : firstMove;
                    job.Moves = ++moves;
                    job.CpuSecondsHere = 0;
                }

                double used = step * (0.1 + random.NextDouble());
                job.CpuSeconds += used;
                job.CpuSecondsHere += used;
            }

            Assert.True(moves > 0);
            Assert.True(moves <= Math.Log2(life / firstMove) + 1.0001, $"{moves} moves from {firstMove} to {life} s");
        }, iter: 30);

    [Fact]
    public void It_never_moves_a_job_that_must_stay() =>
        Gen.Select(Gen.Int[0, 255], Gen.Double[0, 1000], Gen.Int[0, 6]).Sample((flags, age, there) =>
        {
            JobInfo job = Scene.Job(1, age);
            job.Flags = (JobFlags)flags;
            Scene scene = new Scene().WithJobs(job).SetReady(4).WithOthers(Scene.Machine(1, there));
            Plan plan = scene.Decide(Scene.Rule("lifetime", ("periodic", 1)));
            if (plan.Actions.Length == 1)
                Assert.True(job.IsMovable && there < 3);
        });

    [Theory]
    [InlineData(NodeFlags.Blocked)]
    [InlineData(NodeFlags.Dead)]
    [InlineData(NodeFlags.Leaving)]
    public void Closed_nodes_are_no_targets(NodeFlags flag)
    {
        LoadEntry closed = Scene.Machine(1, 0);
        closed.Flags = flag;
        Scene scene = new Scene().WithJobs(Scene.Job(1, 500)).SetReady(4).WithOthers(closed);
        Assert.Equal(0, scene.Decide(Scene.Rule("lifetime"), Trigger.Arrival).Actions.Length);
    }

    [Fact]
    public void Old_news_and_nodes_without_room_are_not_used()
    {
        Scene old = new Scene { Now = Scene.Start + 61 }.WithJobs(Scene.Job(1, 5000)).SetReady(4).WithOthers(Scene.Machine(1, 0));
        Assert.Equal(0, old.Decide(Scene.Rule("lifetime"), Trigger.Arrival).Actions.Length);
        LoadEntry full = Scene.Machine(1, 0);
        full.FreeMemoryMiB = 99;
        Scene big = new Scene().WithJobs(Scene.Job(1, 5000, 100)).SetReady(4).WithOthers(full);
        Assert.Equal(0, big.Decide(Scene.Rule("lifetime"), Trigger.Arrival).Actions.Length);
    }

    [Fact]
    public void A_target_checks_with_its_own_present_load()
    {
        ConsiderationRule rule = Scene.Rule("lifetime", ("verify", 1));
        var offer = new JobOffer(Scene.Job(1, 10, Half), new NodeId(1), SourceShare: 1.0 / 3, ExpectedShare: 1, Placement: false, Forced: false);
        Assert.True(new Scene().SetReady(0).Judge(rule, offer).Accepted);
        Assert.True(new Scene().SetReady(1).Judge(rule, offer).Accepted);
        Acceptance refused = new Scene().SetReady(2).Judge(rule, offer);
        Assert.False(refused.Accepted);
        Scene.AssertExplained(refused.Reason, "lifetime");
        Scene promised = new Scene().SetReady(1);
        promised.State.ArrivalsInProgress = 1;
        Assert.False(promised.Judge(rule, offer).Accepted);
        Assert.True(new Scene().SetReady(9).Judge(rule, offer with { Forced = true }).Accepted);
        Assert.True(new Scene().SetReady(9).Judge(Scene.Rule("lifetime"), offer).Accepted);
    }

    [Fact]
    public void Files_over_the_link_count_away_from_home()
    {
        JobInfo job = Scene.Job(1, 50, Half);
        Scene scene = new Scene().WithJobs(job).SetReady(2).WithOthers(Scene.Machine(1, 0));
        Assert.Equal(1, scene.Decide(Scene.Rule("lifetime"), Trigger.Arrival).Actions.Length);
        job.HomeIoBytesPerSecond = 0.6e6;
        scene.Jobs[0] = job;
        Assert.Equal(0, scene.Decide(Scene.Rule("lifetime"), Trigger.Arrival).Actions.Length);
    }

    [Fact]
    public void Nodes_that_know_the_same_do_not_all_take_the_same_target()
    {
        var targets = new HashSet<NodeId>();
        for (ulong seed = 0; seed < 40; seed++)
        {
            Scene scene = new Scene { Random = new RandomSource(seed) }.WithJobs(Scene.Job(1, 50)).SetReady(3)
                .WithOthers(Scene.Machine(1, 0), Scene.Machine(2, 0), Scene.Machine(3, 0), Scene.Machine(4, 1));
            targets.Add(scene.Single(Scene.Rule("lifetime"), Trigger.Arrival).To);
        }

        Assert.Equal([1, 2, 3], targets.Select(t => t.Value).Order());
    }

    [Fact]
    public void Equally_good_targets_are_drawn_as_often()
    {
        Scene scene = new Scene().WithJobs(Scene.Job(1, 50)).SetReady(3).WithOthers(Scene.Machine(1, 0), Scene.Machine(2, 0), Scene.Machine(3, 0));
        int[] hits = new int[4];
        for (int i = 0; i < 6000; i++)
            hits[scene.Single(Scene.Rule("lifetime"), Trigger.Arrival).To.Value]++;
        Assert.All(hits[1..], h => Assert.InRange(h, 1850, 2150));
    }

    /// <summary>Before it looks for a target it leaves out jobs that could not gain on any core; the fastest that it thinks of has a thousand standard cores.</summary>
    [Fact]
    public void A_core_of_nine_hundred_standard_cores_is_not_overlooked()
    {
        // 1 s of cost, 1.0016 CPU s at slowdown 1 here and 1/900 there: a gain of half a millisecond.
        Scene scene = new Scene { Costs = new CostModel(1, 1e15) }.WithJobs(Scene.Job(1, 1.0016)).WithOthers(Scene.Machine(1, 0, 1, 900));
        Assert.Equal(1, scene.Decide(Scene.Rule("lifetime"), Trigger.Arrival, explains: false).Actions.Length);
    }

    [Fact]
    public void A_job_that_no_node_serves_better_has_rested_enough_after_its_growth()
    {
        // It came at 10 s and used 11 more: growth 1 is over, and what keeps it is the target's crowd, not the rest.
        JobInfo job = Scene.Job(1, 21) with { Moves = 1, CpuSecondsHere = 11 };
        Plan plan = new Scene().WithJobs(job).WithOthers(Scene.Machine(1, 1)).Decide(Scene.Rule("lifetime", ("growth", 1), ("relative", 1), ("periodic", 1)));
        Assert.Contains("is not more than the cost", Assert.Single(plan.Stays).Describe(), StringComparison.Ordinal);
    }

    [Fact]
    public void Speed_and_cores_count()
    {
        // 3 tasks on 4 cores of speed 1 against a free core of speed 2.
        Scene scene = new Scene();
        scene.Self = Scene.Machine(0, 3, 4);
        scene.WithJobs(Scene.Job(1, 10, Half)).SetReady(3).WithOthers(Scene.Machine(1, 1, 2, 2));
        PlannedAction move = scene.Single(Scene.Rule("lifetime"), Trigger.Arrival);
        Assert.Equal(0.5, move.Reason.Fields().Single(f => f.Key == "there").Value, 6);
        Scene equal = new Scene();
        equal.Self = Scene.Machine(0, 3, 4);
        equal.WithJobs(Scene.Job(1, 10000, Half)).SetReady(3).WithOthers(Scene.Machine(1, 0, 2));
        Assert.Equal(0, equal.Decide(Scene.Rule("lifetime"), Trigger.Arrival).Actions.Length);
    }

    [Fact]
    public void Smoothed_neither_a_burst_nor_a_past_crowd_moves_anything()
    {
        ConsiderationRule rule = Scene.Rule("lifetime", ("smoothed", 1));
        Scene scene = new Scene().WithJobs(Scene.Job(1, 50, Half)).SetReady(5).WithOthers(Scene.Machine(1, 0));
        Assert.Equal(1, scene.Decide(rule, Trigger.Arrival).Actions.Length);
        scene.State.LocalReady = 1;
        Assert.Equal(0, scene.Decide(rule, Trigger.Arrival).Actions.Length);
        scene.State.LocalReady = 5;
        scene.State.ReadyNow = 1;
        Assert.Equal(0, scene.Decide(rule, Trigger.Arrival).Actions.Length);
    }

    [Fact]
    public void Moves_under_way_are_limited()
    {
        Scene scene = new Scene().WithJobs(Scene.Job(1, 50), Scene.Job(2, 40), Scene.Job(3, 60), Scene.Job(4, 1))
            .WithOthers(Scene.Machine(1, 0), Scene.Machine(2, 0), Scene.Machine(3, 0));
        Assert.Equal(1, scene.Decide(Scene.Rule("lifetime"), Trigger.Arrival).Actions.Length);
        Plan two = scene.Decide(Scene.Rule("lifetime", ("movesAtOnce", 2)), Trigger.Arrival);
        Assert.Equal(2, two.Actions.ToArray().Select(a => a.To).Distinct().Count());
        Assert.Equal([3L, 1L], two.Actions.ToArray().Select(a => a.Job.Value));
        scene.State.MovesInProgress = 1;
        Assert.Equal(1, scene.Decide(Scene.Rule("lifetime"), Trigger.Arrival).Actions.Length);
        Assert.Equal(1, scene.Decide(Scene.Rule("lifetime", ("movesAtOnce", 2), ("maxInProgress", 2)), Trigger.Arrival).Actions.Length);
        Assert.Equal(0, scene.Decide(Scene.Rule("lifetime", ("maxInProgress", 1)), Trigger.Arrival).Actions.Length);
    }

    [Fact]
    public void The_criterion_is_strict_and_needs_a_better_place()
    {
        Assert.True(LifetimeRule.IsWorth(2.01, 2, 2, 1));
        Assert.False(LifetimeRule.IsWorth(2, 2, 2, 1));
        Assert.False(LifetimeRule.IsWorth(1e9, 2, 1, 1));
        Assert.False(LifetimeRule.IsWorth(1e9, 0, 1, 2));
    }

    [Fact]
    public void What_others_gain_counts_by_its_weight()
    {
        // Cost 1.3 s, n - m = 1: alone an age above 1.3 s, with all counted alike one above 0.65 s.
        Scene scene = new Scene().WithJobs(Scene.Job(1, 0.66, Half), Scene.Job(2, 0)).WithOthers(Scene.Machine(1, 0));
        Assert.Equal(0, scene.Decide(Scene.Rule("lifetime"), Trigger.Arrival).Actions.Length);
        Assert.Equal(1, scene.Decide(Scene.Rule("lifetime", ("others", 1)), Trigger.Arrival).Actions.Length);
        Assert.Equal(0, scene.Decide(Scene.Rule("lifetime", ("others", 0.9)), Trigger.Arrival).Actions.Length);
        var offer = new JobOffer(Scene.Job(1, 0.66, Half), new NodeId(1), 0.5, 1, false, false, OthersGain: 1);
        Assert.True(new Scene().SetReady(0).Judge(Scene.Rule("lifetime", ("verify", 1), ("others", 1)), offer).Accepted);
        Assert.False(new Scene().SetReady(0).Judge(Scene.Rule("lifetime", ("verify", 1)), offer).Accepted);
    }

    [Fact]
    public void Growth_does_not_apply_to_free_moves_but_residence_does()
    {
        JobInfo job = Scene.Job(1, 30) with { Moves = 1, CpuSecondsHere = 3 };
        Assert.Equal(27, LifetimeRule.RestNeeded(in job, 2, 1, 1));
        Assert.Equal(2, LifetimeRule.RestNeeded(in job, 2, 1, 1, freeMoves: 1));
        job.Moves = 2;
        Assert.Equal(27, LifetimeRule.RestNeeded(in job, 2, 1, 1, freeMoves: 1));
        job.Moves = 0;
        Assert.Equal(0, LifetimeRule.RestNeeded(in job, 2, 1, 1));
    }

    [Theory]
    [InlineData(2, 12, false)]
    [InlineData(2, 13, true)]
    [InlineData(4, 6, false)]
    [InlineData(4, 7, true)]
    public void The_more_a_move_gains_the_shorter_is_the_relative_rest(int here, double usedHere, bool moves)
    {
        // It came at 25 s; growth 1 of the share that is left of the slowdown (1/2, 1/4) asks for 12.5 or 6.25 more.
        JobInfo job = Scene.Job(1, 25 + usedHere, 0.01) with { Moves = 1, CpuSecondsHere = usedHere };
        Scene scene = new Scene().WithJobs(job).SetReady(here).WithOthers(Scene.Machine(1, 0));
        Plan plan = scene.Decide(Scene.Rule("lifetime", ("growth", 1), ("relative", 1), ("periodic", 1)), Trigger.Periodic);
        Assert.Equal(moves ? 1 : 0, plan.Actions.Length);
        Assert.Equal(0, scene.Decide(Scene.Rule("lifetime", ("growth", 1), ("periodic", 1)), Trigger.Periodic).Actions.Length);
    }

    [Theory]
    [InlineData(0.2f, 0, true)]
    [InlineData(0.2f, 3, true)]
    [InlineData(0.2f, 4, false)]
    [InlineData(1f, 0, false)]
    public void Only_a_slower_node_is_left_without_growth(float speedHere, int tasksThere, bool moves)
    {
        // Alone here 5 s per CPU s, or 1: with one to four tasks 1 to 4 there, and 5, which is no gain. Crowded here it gains in each case.
        JobInfo job = Scene.Job(1, 30, 0.01) with { Moves = 1, CpuSecondsHere = 2 };
        Scene scene = new Scene { Self = Scene.Machine(0, 0, 1, speedHere) }.WithJobs(job).SetReady(6).WithOthers(Scene.Machine(1, tasksThere));
        (string, double)[] parameters = [("growth", 1), ("periodic", 1), ("minGain", 0.2)];
        Assert.Equal(0, scene.Decide(Scene.Rule("lifetime", parameters), Trigger.Periodic).Actions.Length);
        Assert.Equal(
            moves ? 1 : 0, scene.Decide(Scene.Rule("lifetime", [.. parameters, ("outclassed", 1)]), Trigger.Periodic).Actions.Length);
    }

    /// <summary>On a fifth of a core the CPU seconds of a residence take five times as long: the last job of many stood there beside fast nodes without work.</summary>
    [Theory]
    [InlineData(0.2f, true)]
    [InlineData(1f, false)]
    public void Only_a_slower_node_is_left_without_residence(float speedHere, bool moves)
    {
        // The next move costs 0.15 s, so that a residence of 10 asks for 1.5 CPU s.
        JobInfo job = Scene.Job(1, 30, 0.01) with { Moves = 1, CpuSecondsHere = 0.1 };
        Scene scene = new Scene { Self = Scene.Machine(0, 0, 1, speedHere) }.WithJobs(job).SetReady(6).WithOthers(Scene.Machine(1, 0));
        (string, double)[] parameters = [("residence", 10), ("periodic", 1), ("minGain", 0.2)];
        Assert.Equal(0, scene.Decide(Scene.Rule("lifetime", parameters), Trigger.Periodic).Actions.Length);
        Assert.Equal(moves ? 1 : 0, scene.Decide(Scene.Rule("lifetime", [.. parameters, ("outclassed", 1)]), Trigger.Periodic).Actions.Length);
    }

    /// <summary>It leaves nobody behind and hinders nobody: what it gains itself decides whether that is enough, at both ends.</summary>
    [Theory]
    [InlineData(1.5f, true)]
    [InlineData(1.2f, false)]
    public void One_that_is_alone_moves_to_a_core_that_is_faster_enough(float speedThere, bool moves)
    {
        // 1 s per CPU s here, 0.67 or 0.83 there.
        JobInfo job = Scene.Job(1, 30, 0.01);
        Scene scene = new Scene().WithJobs(job).SetReady(1).WithOthers(Scene.Machine(1, 0, 1, speedThere));
        ConsiderationRule rule = Scene.Rule("lifetime", ("periodic", 1), ("others", 1), ("minGain", 0.2), ("verify", 1));
        Assert.Equal(moves ? 1 : 0, scene.Decide(rule, Trigger.Periodic).Actions.Length);
        var offer = new JobOffer(job, new NodeId(1), SourceShare: 1, ExpectedShare: speedThere, Placement: false, Forced: false);
        Assert.Equal(moves, new Scene { Self = Scene.Machine(0, 0, 1, speedThere) }.SetReady(0).Judge(rule, offer).Accepted);
    }

    [Fact]
    public void Leaving_slower_nodes_without_growth_at_most_doubles_the_bound_of_the_moves() =>
        Gen.Select(Gen.Double[1, 20], Gen.Double[50, 2000], Gen.Double[0.05, 2], Gen.Float[0.1f, 1], Gen.ULong).Sample((first, life, step, slow, seed) =>
        {
            // Two nodes, one slower; where the job is there is a crowd, and the other is empty: the worst of worlds.
            ConsiderationRule rule = Scene.Rule("lifetime", ("growth", 1), ("periodic", 1), ("outclassed", 1), ("minGain", 0.2));
            var random = new RandomSource(seed);
            JobInfo job = Scene.Job(1, first, 0.01) with { CpuSecondsHere = first };
            (float here, float there) = (1, slow);
            int moves = 0;
            while (job.CpuSeconds < life)
            {
                Scene scene = new Scene { Self = Scene.Machine(0, 0, 1, here) }
                    .WithJobs(job).SetReady(random.NextDouble() < 0.5 ? 1 : 200).WithOthers(Scene.Machine(1, 0, 1, there));
                if (scene.Decide(rule, Trigger.Periodic, explains: false).Actions.Length == 1)
                {
                    job.Moves = ++moves;
                    job.CpuSecondsHere = 0;
                    (here, there) = (there, here);
                }

                double used = step * (0.1 + random.NextDouble());
                job.CpuSeconds += used;
                job.CpuSecondsHere += used;
            }

            Assert.True(moves <= 2 * (Math.Log2(life / first) + 1.0001), $"{moves} moves from {first} to {life} s");
        }, iter: 30);

    [Fact]
    public void The_profile_isobar_counts_all_alike_and_bounds_its_moves()
    {
        Balancing.Profiles.StageSettings rule = Balancing.Profiles.ProfileReader.Load("isobar").Settings.Rules.Single(r => r.Policy == "lifetime");
        Assert.Equal((1.0, 1.0), (rule.Parameters["others"], rule.Parameters["verify"]));

        // A move that halves the slowdown: the job's age must have doubled.
        Assert.Equal((2.0, 1.0), (rule.Parameters["growth"], rule.Parameters["relative"]));
        Assert.InRange(rule.Parameters["freeMoves"], 0, 3);
    }
}
