using Isobar.Balancing.Consideration;

namespace Isobar.Balancing.Tests.Consideration;

/// <summary>Long jobs of one user run in turn, the oldest first; nobody else waits, and nobody stands still.</summary>
public sealed class InTurnRuleTests
{
    private static readonly ConsiderationRule Rule = Scene.Rule("in-turn", ("youngSeconds", 4));

    [Fact]
    public void All_but_the_oldest_of_the_long_ones_run_in_the_background()
    {
        Scene scene = new Scene().WithJobs(Scene.Job(1, 10), Scene.Job(2, 30), Scene.Job(3, 20), Scene.Job(4, 3.9));
        Plan plan = scene.Decide(Rule);
        Assert.Equal([(ActionKind.Background, 1L), (ActionKind.Background, 3L)], Actions(plan));
        Scene.AssertExplained(plan.Actions[0].Reason, "in-turn");
        // Older ones before job 1 are 3 and 2, before job 3 only 2.
        Assert.Equal([2.0, 1.0], plan.Actions.ToArray().Select(action => action.Reason.Fields().First().Value));
    }

    [Fact]
    public void Who_waits_already_is_not_told_again_and_comes_forward_when_the_oldest_has_ended()
    {
        Scene scene = new Scene().WithJobs(Waiting(1, 10), Scene.Job(2, 30), Waiting(3, 20));
        Assert.Equal(0, scene.Decide(Rule).Actions.Length);
        scene.Jobs.RemoveAt(1);
        PlannedAction begins = scene.Single(Rule);
        Assert.Equal((ActionKind.Foreground, 3L), (begins.Kind, begins.Job.Value));
    }

    [Theory]
    [InlineData(2, 1, 1)]
    [InlineData(2, 2, 2)]
    [InlineData(4, 1, 0)]
    [InlineData(1, 1, 2)]
    public void As_many_tasks_run_as_there_are_cores(int cores, float tasks, int waiting)
    {
        Scene scene = new Scene().WithJobs(Tasks(Scene.Job(1, 10), tasks), Tasks(Scene.Job(2, 30), tasks), Tasks(Scene.Job(3, 20), tasks));
        scene.Self.Cores = (ushort)cores;
        Assert.Equal(waiting, scene.Decide(Rule).Actions.Length);
    }

    [Theory]
    [InlineData(0.8f, false, true)]
    [InlineData(0.7f, false, false)]
    [InlineData(0.7f, true, true)]
    [InlineData(0.3f, true, true)]
    [InlineData(0.2f, true, false)]
    public void An_older_job_that_waits_for_something_else_leaves_its_turn_but_not_for_a_moments_pause(float olderTasks, bool waitsAlready, bool waits)
    {
        Scene scene = new Scene().WithJobs(Tasks(Scene.Job(1, 30), olderTasks), waitsAlready ? Waiting(2, 10) : Scene.Job(2, 10));
        ActionKind[] expected = waits == waitsAlready ? [] : [waits ? ActionKind.Background : ActionKind.Foreground];
        Assert.Equal(expected, scene.Decide(Rule).Actions.ToArray().Select(action => action.Kind));
    }

    [Fact]
    public void Each_user_has_turns_of_his_own_and_what_is_more_important_goes_first()
    {
        JobInfo others = Scene.Job(2, 30);
        others.User = 1001;
        Assert.Equal(0, new Scene().WithJobs(Scene.Job(1, 10), others).Decide(Rule).Actions.Length);

        JobInfo low = Scene.Job(2, 30);
        low.Priority = 9;
        Assert.Equal([(ActionKind.Background, 2L)], Actions(new Scene().WithJobs(Scene.Job(1, 10), low).Decide(Rule)));
    }

    [Theory]
    [InlineData(JobFlags.Suspended)]
    [InlineData(JobFlags.Frozen)]
    [InlineData(JobFlags.Moving)]
    [InlineData(JobFlags.Stopped)]
    public void Nobody_waits_for_one_that_does_not_run_and_that_one_is_left_alone(JobFlags flag)
    {
        JobInfo still = Scene.Job(2, 30);
        still.Flags = flag;
        Assert.Equal(0, new Scene().WithJobs(Scene.Job(1, 10), still).Decide(Rule).Actions.Length);
    }

    [Fact]
    public void Of_jobs_of_one_age_exactly_one_has_its_turn()
    {
        Scene scene = new Scene().WithJobs([.. Enumerable.Range(1, 9).Select(i => Scene.Job(i, 10))]);
        Assert.Equal(8, scene.Decide(Rule).Actions.Length);
    }

    [Fact]
    public void What_is_planned_to_leave_is_not_told_to_wait()
    {
        Scene scene = new Scene().WithJobs(Scene.Job(1, 10), Scene.Job(2, 30)).WithOthers(Scene.Machine(1, 0));
        var plan = new Plan(explains: true);
        RandomSource random = scene.Random;
        new RuleChain(Scene.Rule("lifetime", ("periodic", 1)), Rule).Decide(scene.Snapshot(), Trigger.Periodic, ref random, plan);
        Assert.Equal(ActionKind.Move, plan.Actions[0].Kind);
        Assert.Equal(plan.Actions.Length, plan.Actions.ToArray().DistinctBy(action => action.Job).Count());
    }

    private static IEnumerable<(ActionKind, long)> Actions(Plan plan) => plan.Actions.ToArray().Select(action => (action.Kind, action.Job.Value)).OrderBy(action => action.Value);

    private static JobInfo Waiting(int id, double cpu)
    {
        JobInfo job = Scene.Job(id, cpu);
        job.Flags = JobFlags.Background;
        return job;
    }

    private static JobInfo Tasks(JobInfo job, float tasks)
    {
        job.Tasks = tasks;
        return job;
    }
}
