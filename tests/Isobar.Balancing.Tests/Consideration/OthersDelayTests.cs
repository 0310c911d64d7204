using Isobar.Balancing.Consideration;
using Isobar.Balancing.Load;

namespace Isobar.Balancing.Tests.Consideration;

/// <summary>What the rule `lifetime` makes of the delay of others (weight 1): on unequal machines it is not the migrant's own.</summary>
public sealed class OthersDelayTests
{
    private static readonly ConsiderationRule Rule = Scene.Rule("lifetime", ("others", 1), ("periodic", 1), ("verify", 1), ("minGain", 0.2));

    [Theory]
    [InlineData(1, 4, 1, 1, 0)]
    [InlineData(4, 4, 1, 1, 0)]
    [InlineData(5, 4, 1, 1, 1)]
    [InlineData(6, 4, 1, 1, 1.25)]
    [InlineData(6, 4, 1, 3, 1.5)]
    [InlineData(3, 1, 0.5, 1, 4)]
    [InlineData(2, 1, 1, 2, 0)]
    [InlineData(1.5, 1, 1, 1, 0.5)]
    [InlineData(4.5, 4, 1, 1, 0.5)]
    [InlineData(0.5, 1, 1, 1, 0)]
    public void Others_wait_for_tasks_that_have_no_core_of_their_own(double tasks, int cores, float speed, double own, double delay)
    {
        LoadEntry entry = Scene.Machine(0, 0, cores, speed);
        Assert.Equal(delay, CpuShare.DelayOfOthers(in entry, tasks, own), 6);
    }

    [Fact]
    public void A_slow_machine_without_work_takes_one_of_a_crowd_that_it_serves_no_better()
    {
        // 2 tasks on 0.4 cores: 5 s per CPU second each. Alone on 0.15 cores it takes 6.7, but the other one takes 2.5 then.
        Scene scene = TwoOn(0.4f).WithOthers(Scene.Machine(1, 0, 1, 0.15f));
        PlannedAction move = scene.Single(Rule);
        Assert.Equal(1, move.To.Value);
        Assert.Contains("it and those beside it gain together", move.Reason.Describe(), StringComparison.Ordinal);
        Assert.Equal(0, scene.Decide(Scene.Rule("lifetime", ("periodic", 1))).Actions.Length);
    }

    [Fact]
    public void None_goes_for_the_sake_of_others_that_it_would_outlive()
    {
        // Of two, the younger one; of the older one it is said why it stays.
        Scene scene = TwoOn(0.4f).WithJobs(Scene.Job(2, 40)).WithOthers(Scene.Machine(1, 0, 1, 0.15f));
        Plan plan = scene.Decide(Rule);
        Assert.Equal(2, Assert.Single(plan.Actions.ToArray()).Job.Value);
        Assert.Contains("older than they are", Assert.Single(plan.Stays).Describe(), StringComparison.Ordinal);
        // Nor as the second choice: the older one goes to 0.6 cores, and to no other.
        PlannedAction oldest = TwoOn(0.4f).WithOthers(Scene.Machine(1, 0, 1, 0.6f), Scene.Machine(2, 0, 1, 0.15f)).WithJobs(Scene.Job(2, 40)).Single(Rule);
        Assert.Equal((1, 1, NodeId.None), (oldest.Job.Value, oldest.To.Value, oldest.Alternate));
        // The same where its own gain is less than a least gain: 5 here, 4.88 there.
        Assert.Equal(2, TwoOn(0.4f).WithJobs(Scene.Job(2, 40)).WithOthers(Scene.Machine(1, 0, 1, 0.205f)).Single(Rule).Job.Value);
        // Where it is served faster itself, its age is no reason to stay.
        Scene better = TwoOn(0.4f).WithJobs(Scene.Job(2, 40)).WithOthers(Scene.Machine(1, 0, 1, 0.6f));
        Assert.Equal(1, better.Single(Rule).Job.Value);
    }

    /// <summary>That it is the oldest is no reason where nobody would gain enough by its going.</summary>
    [Fact]
    public void An_oldest_job_whose_move_is_not_worth_it_is_not_said_to_stay_for_its_age()
    {
        // 5 here and 7.41 there, and 2.5 less for the other one: a gain of 0.09 for both, less than the least.
        Plan plan = TwoOn(0.4f).WithJobs(Scene.Job(2, 40)).WithOthers(Scene.Machine(1, 0, 1, 0.135f)).Decide(Rule);
        Assert.Equal(0, plan.Actions.Length);
        Assert.Equal(2, plan.Stays.Count);
        Assert.All(plan.Stays, stay => Assert.Contains("or the gain is too small", stay.Describe(), StringComparison.Ordinal));
    }

    [Fact]
    public void Its_own_loss_counts()
    {
        // On 0.1 cores it would take 10 instead of 5, which is more than the other one's 2.5.
        Assert.Equal(0, TwoOn(0.4f).WithOthers(Scene.Machine(1, 0, 1, 0.1f)).Decide(Rule).Actions.Length);
    }

    [Fact]
    public void Of_two_that_serve_it_alike_the_one_where_it_hinders_nobody_is_taken()
    {
        Scene scene = TwoOn(0.1f).WithOthers(Scene.Machine(1, 1, 1, 0.6f), Scene.Machine(2, 0, 1, 0.3f));
        for (int i = 0; i < 20; i++)
            Assert.Equal(2, scene.Single(Rule).To.Value);
    }

    [Fact]
    public void The_target_weighs_what_it_is_told_of_the_source()
    {
        Scene target = new Scene();
        target.Self = Scene.Machine(0, 0, 1, 0.15f);
        var offer = new JobOffer(Scene.Job(1, 50), new NodeId(1), SourceShare: 0.2, ExpectedShare: 0.15, Placement: false, Forced: false, OthersGain: 2.5);
        Assert.True(target.Judge(Rule, offer).Accepted);
        Assert.False(target.Judge(Rule, offer with { OthersGain = 1 }).Accepted);
        Assert.False(target.SetReady(1).Judge(Rule, offer).Accepted);
    }

    /// <summary>Twice the sum of all delays is the sum of n squared over the speed: each move must make it less, so that moves end and none leads back.</summary>
    [Fact]
    public void Moves_end_where_no_single_one_would_make_the_sum_of_delays_less()
    {
        var random = new RandomSource(7);
        for (int round = 0; round < 200; round++)
        {
            int nodes = 2 + random.NextInt(5);
            float[] speeds = new float[nodes];
            int[] tasks = new int[nodes];
            for (int i = 0; i < nodes; i++)
                (speeds[i], tasks[i]) = (0.1f * (1 + random.NextInt(10)), random.NextInt(12));
            double sum = SumOfDelays(tasks, speeds);
            int moves = 0;
            while (TryMove(tasks, speeds, ref random))
            {
                double after = SumOfDelays(tasks, speeds);
                Assert.True(after < sum);
                sum = after;
                Assert.True(++moves < 500);
            }

            AssertNoneBetter(tasks, speeds, sum);
        }
    }

    private static Scene TwoOn(float speed)
    {
        var scene = new Scene();
        scene.Self = Scene.Machine(0, 2, 1, speed);
        return scene.WithJobs(Scene.Job(1, 50)).SetReady(2);
    }

    private static double SumOfDelays(int[] tasks, float[] speeds) => tasks.Select((n, i) => n * n / (double)speeds[i]).Sum();

    private static bool TryMove(int[] tasks, float[] speeds, ref RandomSource random)
    {
        for (int i = 0; i < tasks.Length; i++)
        {
            if (tasks[i] == 0)
                continue;
            var scene = new Scene { Random = new RandomSource((ulong)random.NextInt(int.MaxValue)) };
            scene.Self = Scene.Machine(0, tasks[i], 1, speeds[i]);
            for (int other = 0; other < tasks.Length; other++)
            {
                if (other != i)
                    scene.Others.Add(Scene.Machine(other + 1, tasks[other], 1, speeds[other]));
            }

            Plan plan = scene.WithJobs(Scene.Job(1, 1e6)).SetReady(tasks[i]).Decide(Scene.Rule("lifetime", ("others", 1), ("periodic", 1)));
            if (plan.Actions.Length == 0)
                continue;
            tasks[i]--;
            tasks[plan.Actions[0].To.Value - 1]++;
            return true;
        }

        return false;
    }

    private static void AssertNoneBetter(int[] tasks, float[] speeds, double sum)
    {
        for (int from = 0; from < tasks.Length; from++)
        {
            for (int to = 0; to < tasks.Length; to++)
            {
                if (from == to || tasks[from] == 0)
                    continue;
                int[] moved = [.. tasks];
                moved[from]--;
                moved[to]++;
                Assert.True(SumOfDelays(moved, speeds) > sum - 1e-4);
            }
        }
    }
}
