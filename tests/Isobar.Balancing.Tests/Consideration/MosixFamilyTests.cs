using Isobar.Balancing.Consideration;
using Isobar.Balancing.Consideration.Balance;
using Isobar.Balancing.Load;

namespace Isobar.Balancing.Tests.Consideration;

public sealed class MosixFamilyTests
{
    [Theory]
    [InlineData(1.31, true)]
    [InlineData(1.29, false)]
    public void Openmosix_moves_when_the_best_is_better_by_one_process_and_the_margin(double here, bool moves)
    {
        Scene scene = new Scene().WithJobs(Scene.Job(1, 1000, 0.1), Scene.Job(2, 1000, 0.1)).SetReady(here).WithOthers(Scene.Machine(1, 0), Scene.Machine(2, 1));
        Plan plan = scene.Decide(Scene.Rule("threshold"));
        Assert.Equal(moves ? 1 : 0, plan.Actions.Length);
        if (moves)
            Assert.Equal(new NodeId(1), plan.Actions[0].To);
    }

    [Fact]
    public void The_margin_is_in_processes_of_the_target()
    {
        // A node of four cores: one process more is a load of 0.25, the margin 0.075.
        Scene scene = new Scene().WithJobs(Scene.Job(1, 10000, 0.1)).SetReady(1.33).WithOthers(Scene.Machine(1, 4, 4));
        Assert.Equal(1, scene.Decide(Scene.Rule("threshold")).Actions.Length);
        scene.SetReady(1.32);
        Assert.Equal(0, scene.Decide(Scene.Rule("threshold")).Actions.Length);
    }

    [Fact]
    public void The_second_highest_load_goes_or_the_only_one()
    {
        JobInfo[] jobs = [Scene.Job(1, 1000), Scene.Job(2, 1000), Scene.Job(3, 1000)];
        jobs[0].Load = 0.9;
        jobs[1].Load = 0.5;
        jobs[2].Load = 0.7;
        Scene scene = new Scene().WithJobs(jobs).WithOthers(Scene.Machine(1, 0));
        Assert.Equal(3, scene.Single(Scene.Rule("threshold")).Job.Value);
        Assert.Equal(3, scene.Single(Scene.Rule("kerrighed")).Job.Value);
        Assert.Equal(1, scene.Single(Scene.Rule("threshold", ("highest", 1))).Job.Value);
        scene.Jobs[0] = scene.Jobs[0] with { Flags = JobFlags.Immobile };
        Assert.Equal(2, scene.Single(Scene.Rule("kerrighed")).Job.Value);
        scene.Jobs[1] = scene.Jobs[1] with { Flags = JobFlags.Pinned };
        Assert.Equal(3, scene.Single(Scene.Rule("kerrighed")).Job.Value);
    }

    [Fact]
    public void The_guard_asks_whether_the_move_is_worth_it_and_openssi_does_not()
    {
        // gain = load 1 x (2 - 1) x age; cost = 0.3 + 1 MiB / 0.5 MB/s = 2.4 s.
        Scene scene = new Scene().WithJobs(Scene.Job(1, 2.3), Scene.Job(2, 2.3)).WithOthers(Scene.Machine(1, 0));
        Plan plan = scene.Decide(Scene.Rule("threshold"));
        Assert.Equal(0, plan.Actions.Length);
        Scene.AssertExplained(Assert.Single(plan.Stays), "threshold");
        Assert.Equal(1, scene.Decide(Scene.Rule("threshold", ("guard", 0))).Actions.Length);
        scene.Jobs[0] = Scene.Job(1, 2.5);
        scene.Jobs[1] = Scene.Job(2, 2.5);
        Assert.Equal(1, scene.Decide(Scene.Rule("threshold")).Actions.Length);
    }

    [Fact]
    public void A_job_that_has_just_come_stays_a_while()
    {
        Scene scene = new Scene().WithJobs(Scene.Job(1, 100) with { ArrivedHere = Scene.Start - 0.9 }).SetReady(3).WithOthers(Scene.Machine(1, 0));
        Assert.Equal(0, scene.Decide(Scene.Rule("threshold")).Actions.Length);
        scene.Now += 0.2;
        Assert.Equal(1, scene.Decide(Scene.Rule("threshold")).Actions.Length);
    }

    [Fact]
    public void A_quiet_node_decides_nothing()
    {
        Scene scene = new Scene().WithJobs(Scene.Job(1, 100)).SetReady(5).WithOthers(Scene.Machine(1, 0));
        scene.Self.Flags = NodeFlags.Quiet;
        Assert.Equal(0, scene.Decide(Scene.Rule("threshold")).Actions.Length);
    }

    [Fact]
    public void Kerrighed_has_its_alarm_at_one_and_a_half_processes()
    {
        Scene scene = new Scene().WithJobs(Scene.Job(1, 1)).SetReady(1.49).WithOthers(Scene.Machine(1, 0));
        Assert.Equal(0, scene.Decide(Scene.Rule("kerrighed")).Actions.Length);
        scene.SetReady(1.5);
        Assert.Equal(1, scene.Decide(Scene.Rule("kerrighed")).Actions.Length);
    }

    [Fact]
    public void Kerrighed_waits_two_seconds_between_moves()
    {
        Scene scene = new Scene().WithJobs(Scene.Job(1, 1)).SetReady(3).WithOthers(Scene.Machine(1, 0));
        scene.State.LastMoveStarted = scene.Now - 1.99;
        Assert.Equal(0, scene.Decide(Scene.Rule("kerrighed")).Actions.Length);
        scene.State.LastMoveStarted = scene.Now - 2.0;
        Assert.Equal(1, scene.Decide(Scene.Rule("kerrighed")).Actions.Length);
        scene.State.MovesInProgress = 1;
        Assert.Equal(1, scene.Decide(Scene.Rule("kerrighed")).Actions.Length);
        Assert.Equal(0, scene.Decide(Scene.Rule("kerrighed", ("noneInProgress", 1))).Actions.Length);
    }

    [Fact]
    public void Kerrighed_adds_130_per_cent_of_a_process_at_the_target()
    {
        Scene scene = new Scene().WithJobs(Scene.Job(1, 1)).SetReady(2.31).WithOthers(Scene.Machine(1, 1), Scene.Machine(2, 4));
        Assert.Equal(1, scene.Single(Scene.Rule("kerrighed")).To.Value);
        scene.SetReady(2.29);
        Assert.Equal(0, scene.Decide(Scene.Rule("kerrighed")).Actions.Length);
    }

    [Fact]
    public void The_watering_can_pours_every_task_where_the_level_is_lowest()
    {
        // Six tasks on cores 1, 1, 2: poured they stand at 2, 1 and 3 tasks, so four leave, the smallest memory first.
        Scene scene = new Scene().WithJobs([.. Enumerable.Range(1, 6).Select(i => Scene.Job(i, 1, 10 * i))])
            .WithOthers(Scene.Machine(1, 0), Scene.Machine(2, 0, 2));
        Plan plan = scene.Decide(Scene.Rule("rbt"));
        Assert.Equal([1L, 2L, 3L, 4L], plan.Actions.ToArray().Select(a => a.Job.Value));
        Assert.Equal(3, plan.Actions.ToArray().Count(a => a.To.Value == 2));
        Assert.All(plan.Actions.ToArray(), a => Scene.AssertExplained(a.Reason, "rbt"));
    }

    [Fact]
    public void The_watering_can_fills_machines_of_many_cores_to_the_last_task()
    {
        // One task is a sixteenth of a level there: both belong there.
        Scene scene = new Scene().WithJobs(Scene.Job(1, 1), Scene.Job(2, 1)).WithOthers(Scene.Machine(1, 0, 16));
        Assert.Equal([1, 1], scene.Decide(Scene.Rule("rbt")).Actions.ToArray().Select(a => a.To.Value));
    }

    [Fact]
    public void Users_weigh_a_machine_down_in_rbt()
    {
        LoadEntry plain = Scene.Machine(1, 0, 2, 3);
        LoadEntry used = plain with { Users = 1 };
        Assert.Equal(1 / 6.0, RbtRule.TaskLevel(in plain, 1), 12);
        Assert.Equal(2 / 6.0, RbtRule.TaskLevel(in used, 1), 12);
        Assert.Equal(1 / 6.0, RbtRule.TaskLevel(in used, 0), 12);
    }

    [Fact]
    public void Nothing_is_poured_below_a_difference_of_one_task()
    {
        Scene scene = new Scene().WithJobs(Scene.Job(1, 1), Scene.Job(2, 1)).WithOthers(Scene.Machine(1, 1));
        Assert.Equal(0, scene.Decide(Scene.Rule("rbt")).Actions.Length);
        scene.WithJobs(Scene.Job(3, 1));
        Assert.Equal(1, scene.Decide(Scene.Rule("rbt")).Actions.Length);
        Assert.Equal(0, scene.Decide(Scene.Rule("rbt", ("difference", 1.1))).Actions.Length);
    }

    [Fact]
    public void A_history_of_forking_goes_first()
    {
        Scene scene = new Scene().WithJobs(Scene.Job(1, 1000) with { Forks = 2 }, Scene.Job(2, 1) with { Forks = 7 }, Scene.Job(3, 1) with { Forks = 5 })
            .WithOthers(Scene.Machine(1, 0));
        PlannedAction move = scene.Single(Scene.Rule("fork-history"));
        Assert.Equal((2L, 1), (move.Job.Value, move.To.Value));
        Assert.Equal(0, scene.Decide(Scene.Rule("fork-history", ("minForks", 8))).Actions.Length);
        scene.Others[0] = Scene.Machine(1, 2);
        Assert.Equal(0, scene.Decide(Scene.Rule("fork-history")).Actions.Length);
        Assert.Equal(2, new Scene().WithJobs(Scene.Job(1, 1000), Scene.Job(2, 1000) with { Forks = 3 }).WithOthers(Scene.Machine(1, 0))
            .Single(Scene.Rule("threshold", ("highest", 1), ("forkWeight", 0.1))).Job.Value);
    }

    [Fact]
    public void A_leaving_node_gives_everything_away_and_spreads_it()
    {
        Scene scene = new Scene().WithJobs([.. Enumerable.Range(1, 6).Select(i => Scene.Job(i, 1, home: i % 2))])
            .WithOthers(Scene.Machine(1, 0), Scene.Machine(2, 1), Scene.Machine(3, 0));
        Assert.Equal(0, scene.Decide(Scene.Rule("evacuate")).Actions.Length);
        scene.State.Leaving = true;
        Plan plan = scene.Decide(Scene.Rule("evacuate"));
        Assert.Equal(6, plan.Actions.Length);
        Assert.Equal([1, 2, 3], plan.Actions.ToArray().GroupBy(a => a.To.Value).OrderBy(g => g.Key).Select(g => g.Key));
        Assert.Equal(3, scene.Decide(Scene.Rule("evacuate", ("ownJobsToo", 0))).Actions.Length);
        Assert.False(scene.Judge(Scene.Rule("evacuate"), default).Accepted);
        Assert.Equal(NodeFlags.Leaving, Scene.Rule("evacuate").Advertise(scene.Snapshot()));

        scene.Others.Clear();
        Assert.All(scene.Decide(Scene.Rule("evacuate")).Actions.ToArray(), a => Assert.Equal(1, a.To.Value));
    }

    [Fact]
    public void Work_goes_to_its_data()
    {
        JobInfo busy = Scene.Job(1, 10, home: 3) with { HomeIoBytesPerSecond = 21e6 };
        Scene scene = new Scene().WithJobs(busy, Scene.Job(2, 10, home: 3) with { HomeIoBytesPerSecond = 19e6 }).WithOthers(Scene.Machine(3, 9));
        PlannedAction move = scene.Single(Scene.Rule("data-affinity"));
        Assert.Equal((1L, 3), (move.Job.Value, move.To.Value));
        Assert.Equal(3, scene.Place(Scene.Rule("data-affinity"), Scene.Job(5, 0, home: 3)).Target.Value);
    }
}
