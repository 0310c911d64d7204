using Isobar.Balancing.Consideration;
using Isobar.Balancing.Load;

namespace Isobar.Balancing.Tests.Consideration;

public sealed class OwnerTests
{
    private static readonly JobOffer Offer = new(Scene.Job(9, 1, home: 5), new NodeId(1), 1, 1, false, false);

    [Theory]
    [InlineData(29, 0, 0, 0, false)]
    [InlineData(30, 0.75, 1.0, 1.5, true)]
    [InlineData(30, 0.76, 0, 0, false)]
    [InlineData(30, 0, 1.01, 0, false)]
    [InlineData(30, 0, 0, 1.51, false)]
    public void A_sprite_host_starts_to_take_guests_at_its_thresholds(double idle, double q1, double q5, double q15, bool takes)
    {
        Scene scene = Idle(idle, q1, q5, q15);
        Assert.Equal(takes, scene.Judge(Scene.Rule("sprite"), Offer).Accepted);
    }

    [Theory]
    [InlineData(30, 2.5, 2.75, 3.0, 0, true)]
    [InlineData(29, 0, 0, 0, 0, false)]
    [InlineData(30, 2.51, 0, 0, 0, false)]
    [InlineData(30, 2.51, 0, 0, 0.01, true)]
    [InlineData(30, 0, 2.76, 0, 0, false)]
    [InlineData(30, 0, 0, 3.01, 0, false)]
    public void Once_it_takes_guests_it_stops_only_above_the_upper_thresholds(double idle, double q1, double q5, double q15, double low, bool takes)
    {
        ConsiderationRule rule = Scene.Rule("sprite");
        Assert.True(Idle(100, 0, 0, 0).Judge(rule, Offer).Accepted);
        Scene scene = Idle(idle, q1, q5, q15);
        scene.State.LowPriorityLoad = low;
        Assert.Equal(takes, scene.Judge(rule, Offer).Accepted);
        Assert.Equal(!takes, (rule.Advertise(scene.Snapshot()) & NodeFlags.Blocked) != 0);
    }

    [Fact]
    public void Input_sends_all_guests_of_a_sprite_host_home_and_load_alone_none()
    {
        ConsiderationRule rule = Scene.Rule("sprite");
        Scene scene = Idle(600, 0, 0, 0).WithJobs(Scene.Job(1, 1, home: 3), Scene.Job(2, 1, home: 4), Scene.Job(3, 1));
        Assert.Equal(0, scene.Decide(rule).Actions.Length);
        scene.State.LocalLoad = 9;
        Assert.Equal(0, scene.Decide(rule).Actions.Length);
        scene.State.OwnerIdleSeconds = 1;
        Plan plan = scene.Decide(rule);
        Assert.Equal([(1L, 3), (2L, 4)], plan.Actions.ToArray().Select(a => (a.Job.Value, a.To.Value)));
        Scene.AssertExplained(plan.Actions[0].Reason, "sprite");
        // One that could not leave at once is sent again, for 300 s; what had gone on being quiet again stays.
        Assert.Equal(2, scene.Decide(rule).Actions.Length);
        scene.State.OwnerIdleSeconds = 30;
        Assert.Equal(0, scene.Decide(rule).Actions.Length);
        scene.State.OwnerIdleSeconds = 29;
        Assert.Equal(2, scene.Decide(rule).Actions.Length);
        scene.Now += 300.1;
        Assert.Equal(0, scene.Decide(rule).Actions.Length);
        Assert.Equal(2, scene.Decide(rule, Trigger.OwnerReturned).Actions.Length);
        Assert.True(scene.Judge(rule, Offer with { Job = Scene.Job(8, 1) }).Accepted);
    }

    [Fact]
    public void A_guest_that_came_to_a_sprite_host_in_the_second_of_its_owners_return_is_sent_home_too()
    {
        // The rules of a host without jobs were not asked since its owner left.
        ConsiderationRule rule = Scene.Rule("sprite");
        Scene scene = Idle(1, 0, 0, 0);
        Assert.Equal(0, scene.Decide(rule).Actions.Length);
        scene.Now += 1000;
        scene.WithJobs(Scene.Job(1, 1, home: 3));
        Assert.Equal(1, scene.Single(rule).Job.Value);
        scene.Now += 300.1;
        Assert.Equal(0, scene.Decide(rule).Actions.Length);
    }

    [Fact]
    public void Sprite_starts_on_the_longest_idle_host_without_guests_first()
    {
        Scene scene = new Scene().WithOthers(
            Scene.Machine(1, 0, 2) with { OwnerIdleSeconds = 9000, Guests = 1 },
            Scene.Machine(2, 0, 2) with { OwnerIdleSeconds = 500 },
            Scene.Machine(3, 0, 2) with { OwnerIdleSeconds = 700 },
            Scene.Machine(4, 0, 2) with { OwnerIdleSeconds = 29 });
        Assert.Equal(3, scene.Place(Scene.Rule("sprite"), Scene.Job(1, 0)).Target.Value);
        scene.Others.RemoveRange(1, 2);
        Assert.Equal(1, scene.Place(Scene.Rule("sprite"), Scene.Job(1, 0)).Target.Value);
        scene.Others[0] = scene.Others[0] with { Guests = 2 };
        Assert.Equal(0, scene.Place(Scene.Rule("sprite"), Scene.Job(1, 0)).Target.Value);
    }

    [Theory]
    [InlineData(901, 0.3, 0, true)]
    [InlineData(900, 0.3, 0, false)]
    [InlineData(901, 0.31, 0, false)]
    [InlineData(901, 0.31, 1, true)]
    public void Condor_starts_guests_after_fifteen_minutes_on_an_idle_cpu_or_one_that_it_uses(double idle, double load, int guests, bool starts)
    {
        Scene scene = Owner(idle, load);
        scene.Self.Guests = (ushort)guests;
        Assert.Equal(starts, scene.Judge(Scene.Rule("condor"), Offer).Accepted);
        Assert.Equal(!starts, (Scene.Rule("condor").Advertise(scene.Snapshot()) & NodeFlags.Blocked) != 0);
    }

    [Fact]
    public void Condor_suspends_small_jobs_and_vacates_or_kills_large_ones_at_the_keyboard()
    {
        ConsiderationRule rule = Scene.Rule("condor");
        Assert.Equal(ActionKind.Suspend, Act(rule, Owner(59, 0), Guest(10)).Kind);
        Assert.Equal(ActionKind.Vacate, Act(rule, Owner(59, 0), Guest(20)).Kind);
        Assert.Equal(ActionKind.Kill, Act(rule, Owner(59, 0), Guest(20) with { ArrivedHere = Scene.Start - 599 }).Kind);
        Assert.Equal(ActionKind.Suspend, Act(Scene.Rule("condor", ("vanilla", 1)), Owner(59, 0), Guest(20)).Kind);
        Assert.Equal(0, Owner(60, 0).WithJobs(Guest(10)).Decide(rule).Actions.Length);
        Assert.Equal(0, Owner(1, 9).WithJobs(Scene.Job(1, 5)).Decide(rule).Actions.Length);
    }

    [Fact]
    public void Condor_suspends_after_two_minutes_of_the_owners_load_if_the_guest_ran_ninety_seconds()
    {
        ConsiderationRule rule = Scene.Rule("condor");
        Scene scene = Owner(5000, 0.5).WithJobs(Guest(100), Guest(100) with { Id = new JobId(2), ArrivedHere = Scene.Start + 32 });
        Assert.Equal(0, scene.Decide(rule).Actions.Length);
        scene.Now = Scene.Start + 120;
        Assert.Equal(0, scene.Decide(rule).Actions.Length);
        scene.Now = Scene.Start + 121;
        Assert.Equal(1, scene.Decide(rule).Actions.Length);
        scene.Now = Scene.Start + 123;
        Assert.Equal(2, scene.Decide(rule).Actions.Length);
        scene.State.OwnerLoad = 0.49;
        Assert.Equal(0, scene.Decide(rule).Actions.Length);
    }

    [Theory]
    [InlineData(301, 0.3, 11, ActionKind.Resume)]
    [InlineData(300, 0.3, 11, null)]
    [InlineData(301, 0.31, 11, null)]
    [InlineData(301, 0.3, 10, null)]
    [InlineData(10, 1, 600, null)]
    [InlineData(10, 1, 601, ActionKind.Vacate)]
    public void A_suspended_guest_runs_on_or_leaves(double idle, double load, double suspended, ActionKind? expected)
    {
        JobInfo job = Guest(10) with { Flags = JobFlags.Suspended, StateSince = Scene.Start - suspended };
        Plan plan = Owner(idle, load).WithJobs(job).Decide(Scene.Rule("condor"));
        Assert.Equal(expected, plan.Actions.Length == 0 ? null : plan.Actions[0].Kind);
    }

    [Theory]
    [InlineData(600, false)]
    [InlineData(601, true)]
    public void A_vacating_guest_is_killed_after_ten_minutes(double seconds, bool killed)
    {
        JobInfo job = Guest(10) with { Flags = JobFlags.Vacating, StateSince = Scene.Start - seconds };
        Plan plan = Owner(10, 1).WithJobs(job).Decide(Scene.Rule("condor"));
        Assert.Equal(killed, plan.Actions.Length == 1 && plan.Actions[0].Kind == ActionKind.Kill);
    }

    [Theory]
    [InlineData(10800, false)]
    [InlineData(10801, true)]
    public void A_guest_is_checkpointed_every_three_hours(double age, bool due)
    {
        Plan plan = Owner(5000, 0).WithJobs(Guest(10) with { LastCheckpoint = Scene.Start - age }).Decide(Scene.Rule("condor"));
        Assert.Equal(due, plan.Actions.Length == 1 && plan.Actions[0].Kind == ActionKind.Checkpoint);
    }

    [Fact]
    public void Condor_matches_unclaimed_machines_first_and_the_fastest_of_them()
    {
        Scene scene = new Scene().WithOthers(
            Scene.Machine(1, 0, 2, 3) with { Guests = 1 },
            Scene.Machine(2, 0, 1, 1),
            Scene.Machine(3, 0, 1, 2),
            Scene.Machine(4, 0, 1, 9) with { Flags = NodeFlags.Blocked });
        Assert.Equal(3, scene.Place(Scene.Rule("condor"), Scene.Job(1, 0)).Target.Value);
    }

    [Fact]
    public void Above_the_red_mark_the_least_important_latest_come_are_frozen()
    {
        JobInfo[] jobs = [.. Enumerable.Range(1, 8).Select(i => Scene.Job(i, 1, home: 3) with { Priority = (byte)(i == 2 ? 9 : 5), ArrivedHere = Scene.Start - 100 + i })];
        Scene scene = new Scene().WithJobs(jobs);
        Plan plan = scene.Decide(Scene.Rule("freeze"));
        Assert.Equal([2L, 8L], plan.Actions.ToArray().Select(a => a.Job.Value));
        Assert.All(plan.Actions.ToArray(), a => Assert.Equal(ActionKind.Freeze, a.Kind));
        Assert.Equal(0, new Scene().WithJobs(jobs[..6]).Decide(Scene.Rule("freeze")).Actions.Length);
        Assert.Equal(1, scene.Decide(Scene.Rule("freeze", ("minKeep", 7))).Actions.Length);
    }

    [Fact]
    public void Below_the_blue_mark_the_longest_frozen_thaw()
    {
        JobInfo[] running = [.. Enumerable.Range(1, 3).Select(i => Scene.Job(i, 1, home: 3))];
        JobInfo[] frozen = [.. Enumerable.Range(4, 3).Select(i => Scene.Job(i, 1, home: 3) with { Flags = JobFlags.Frozen, StateSince = Scene.Start - i })];
        Scene scene = new Scene().WithJobs([.. running, .. frozen]);
        PlannedAction thaw = scene.Single(Scene.Rule("freeze"));
        Assert.Equal((ActionKind.Thaw, 6L), (thaw.Kind, thaw.Job.Value));
        Assert.Equal(0, scene.Decide(Scene.Rule("freeze", ("maxRunning", 3))).Actions.Length);
        scene.Jobs.Add(Scene.Job(9, 1, home: 3));
        Assert.Equal(0, scene.Decide(Scene.Rule("freeze")).Actions.Length);
    }

    [Fact]
    public void Waiting_jobs_take_turns_every_ten_minutes()
    {
        ConsiderationRule rule = Scene.Rule("freeze");
        JobInfo[] jobs = [.. Enumerable.Range(1, 5).Select(i => Scene.Job(i, 1, home: 3) with { ArrivedHere = Scene.Start - 1000 - i })];
        Scene scene = new Scene().WithJobs([.. jobs, Scene.Job(9, 1, home: 3) with { Flags = JobFlags.Frozen, StateSince = Scene.Start }]);
        Assert.Equal(0, scene.Decide(rule).Actions.Length);
        scene.Now = Scene.Start + 599;
        Assert.Equal(0, scene.Decide(rule).Actions.Length);
        scene.Now = Scene.Start + 600;
        Plan plan = scene.Decide(rule);
        Assert.Equal([(ActionKind.Freeze, 5L), (ActionKind.Thaw, 9L)], plan.Actions.ToArray().Select(a => (a.Kind, a.Job.Value)));
        scene.Now = Scene.Start + 601;
        Assert.Equal(0, scene.Decide(rule).Actions.Length);
    }

    [Theory]
    [InlineData(0, 0, false)]
    [InlineData(1, 0, true)]
    [InlineData(4, 1, false)]
    [InlineData(5, 1, true)]
    public void Evacuated_jobs_come_frozen_above_the_automatic_marks(int running, int elsewhere, bool frozen)
    {
        Scene scene = new Scene().WithJobs([.. Enumerable.Range(1, running).Select(i => Scene.Job(i, 1, home: 3))]);
        JobOffer offer = Offer with { Forced = true, Job = Scene.Job(9, 1, home: elsewhere * 5) };
        Acceptance acceptance = scene.Judge(Scene.Rule("freeze"), offer);
        Assert.True(acceptance.Accepted);
        Assert.Equal(frozen, acceptance.Suspended);
        Assert.False(scene.Judge(Scene.Rule("freeze"), offer with { Forced = false }).Suspended);
    }

    [Fact]
    public void More_important_work_pushes_guests_to_an_allowed_node_home_or_into_the_freezer()
    {
        JobInfo guest = Scene.Job(1, 1, home: 3) with { Priority = 5 };
        Scene scene = new Scene().WithJobs(guest, Scene.Job(2, 1) with { Priority = 1 }).WithOthers(
            Scene.Machine(1, 0) with { Level = 255 - 4 },
            Scene.Machine(2, 7) with { Level = 255 - 5 },
            Scene.Machine(3, 9) with { Level = 255 });
        PlannedAction away = scene.Single(Scene.Rule("reclaim"));
        Assert.Equal((ActionKind.Move, 2, 3), (away.Kind, away.To.Value, away.Alternate.Value));
        scene.Others[1] = scene.Others[1] with { Flags = NodeFlags.OwnerPresent };
        Assert.Equal(3, scene.Single(Scene.Rule("reclaim")).To.Value);
        scene.Others[2] = scene.Others[2] with { Flags = NodeFlags.Dead };
        Assert.Equal(ActionKind.Freeze, scene.Single(Scene.Rule("reclaim")).Kind);
    }

    [Fact]
    public void What_was_frozen_for_more_important_work_is_thawed_when_that_has_ended_and_not_in_turn()
    {
        JobInfo frozen = Scene.Job(1, 1, home: 3) with { Priority = 5, Flags = JobFlags.Frozen, StateSince = Scene.Start - 10 };
        Scene scene = new Scene().WithJobs(frozen, Scene.Job(2, 1) with { Priority = 1 });
        Assert.Equal(0, scene.Decide(Scene.Rule("reclaim")).Actions.Length);
        Assert.Equal(0, scene.Decide(Scene.Rule("reclaim", ("onlyWhenFull", 1))).Actions.Length);
        // A core is free beside the important work.
        scene.SetReady(0);
        Assert.Equal(0, scene.Decide(Scene.Rule("reclaim")).Actions.Length);
        Assert.Equal(ActionKind.Thaw, scene.Single(Scene.Rule("reclaim", ("onlyWhenFull", 1))).Kind);
        scene.Jobs.RemoveAt(1);
        Assert.Equal(ActionKind.Thaw, scene.Single(Scene.Rule("reclaim")).Kind);
        Assert.Equal(0, scene.Decide(Scene.Rule("reclaim", ("thaws", 0))).Actions.Length);
        scene.Jobs[0] = frozen with { StateSince = Scene.Start - 9 };
        Assert.Equal(0, scene.Decide(Scene.Rule("reclaim")).Actions.Length);
    }

    [Fact]
    public void A_frozen_guest_of_another_site_goes_on_or_leaves_when_a_core_gets_free()
    {
        JobInfo frozen = Scene.Job(2, 1, home: 6) with { Flags = JobFlags.Frozen, StateSince = Scene.Start - 10 };
        Scene scene = new Scene { Roster = new RangeRoster(8, 4) };
        scene.WithJobs(Scene.Job(1, 1), frozen).SetReady(1).WithOthers(Scene.Machine(6, 1));
        Assert.Equal(0, scene.Decide(Scene.Rule("federation")).Actions.Length);
        scene.Others[0] = Scene.Machine(6, 0);
        PlannedAction leaves = scene.Single(Scene.Rule("federation"));
        Assert.Equal((ActionKind.Move, 2L, 6), (leaves.Kind, leaves.Job.Value, leaves.To.Value));
        scene.SetReady(0);
        Assert.Equal(ActionKind.Thaw, scene.Single(Scene.Rule("federation")).Kind);
    }

    [Fact]
    public void Equal_priorities_live_together_and_the_owner_claims_all()
    {
        JobInfo guest = Scene.Job(1, 1, home: 3) with { Priority = 5 };
        Scene scene = new Scene().WithJobs(guest, Scene.Job(2, 1) with { Priority = 5 }).WithOthers(Scene.Machine(3, 0));
        Assert.Equal(0, scene.Decide(Scene.Rule("reclaim")).Actions.Length);
        Assert.True(scene.Judge(Scene.Rule("reclaim"), Offer with { Job = guest }).Accepted);
        Assert.False(scene.Judge(Scene.Rule("reclaim"), Offer with { Job = guest with { Priority = 6 } }).Accepted);
        scene.State.OwnerLoad = 0.5;
        Assert.Equal(1, scene.Decide(Scene.Rule("reclaim")).Actions.Length);
        Assert.Equal(1, scene.Decide(Scene.Rule("reclaim", ("onlyWhenFull", 1))).Actions.Length);
        scene.SetReady(1);
        Assert.Equal(0, scene.Decide(Scene.Rule("reclaim", ("onlyWhenFull", 1))).Actions.Length);
        scene.State.OwnerLoad = 0;
        scene.State.OwnerIdleSeconds = 5;
        Assert.Equal(1, scene.Decide(Scene.Rule("reclaim", ("noInputSeconds", 30))).Actions.Length);
    }

    [Fact]
    public void A_federation_serves_its_own_site_first()
    {
        // Sites of four: 0-3 and 4-7.
        Scene scene = new Scene { Roster = new RangeRoster(8, 4) }.SetReady(1).WithOthers(Scene.Machine(1, 1), Scene.Machine(2, 0), Scene.Machine(5, 0, 8));
        ConsiderationRule rule = Scene.Rule("federation");
        Assert.Equal(2, scene.Place(rule, Scene.Job(1, 0)).Target.Value);
        scene.Others[1] = Scene.Machine(2, 1);
        Assert.Equal(5, scene.Place(rule, Scene.Job(1, 0)).Target.Value);
        Assert.Equal(0, scene.Place(Scene.Rule("federation", ("reserve", 8)), Scene.Job(1, 0)).Target.Value);
        Assert.False(scene.Judge(rule, Offer).Accepted);
        Assert.True(scene.Judge(rule, Offer with { Job = Scene.Job(1, 0, home: 2) }).Accepted);
        scene.SetReady(0);
        Assert.True(scene.Judge(rule, Offer).Accepted);
        Assert.False(scene.Judge(Scene.Rule("federation", ("reserve", 1)), Offer).Accepted);
    }

    [Fact]
    public void Guests_of_another_site_leave_when_own_work_finds_no_core()
    {
        JobInfo[] jobs = [Scene.Job(1, 1), Scene.Job(2, 1, home: 6), Scene.Job(3, 1, home: 7) with { ArrivedHere = Scene.Start - 1 }];
        Scene scene = new Scene { Roster = new RangeRoster(8, 4) };
        scene.Self = Scene.Machine(0, 0, 2);
        scene.WithJobs(jobs).WithOthers(Scene.Machine(6, 0));
        PlannedAction leaves = scene.Single(Scene.Rule("federation"));
        Assert.Equal((3L, 6), (leaves.Job.Value, leaves.To.Value));
        scene.Others.Clear();
        Assert.Equal(ActionKind.Freeze, scene.Single(Scene.Rule("federation")).Kind);

        // Two tasks too many: two guests of one task each leave.
        Scene crowd = new Scene { Roster = new RangeRoster(8, 4), Self = Scene.Machine(0, 0, 2) }
            .WithJobs([.. jobs, Scene.Job(4, 1, home: 7)]).WithOthers(Scene.Machine(6, 0, 4));
        Assert.Equal(2, crowd.Decide(Scene.Rule("federation")).Actions.Length);
        scene.Jobs.RemoveAt(0);
        scene.SetReady(3);
        Assert.Equal(0, scene.Decide(Scene.Rule("federation")).Actions.Length);
    }

    private static JobInfo Guest(double megabytes) => Scene.Job(1, 1, megabytes, home: 3);

    private static PlannedAction Act(ConsiderationRule rule, Scene scene, JobInfo job) => scene.WithJobs(job).Single(rule);

    private static Scene Idle(double idle, double q1, double q5, double q15)
    {
        var scene = new Scene();
        scene.State.OwnerIdleSeconds = idle;
        scene.State.LocalLoad = q1;
        scene.State.MediumLoad = q5;
        scene.State.SlowLoad = q15;
        return scene;
    }

    private static Scene Owner(double idle, double load)
    {
        var scene = new Scene();
        scene.State.OwnerIdleSeconds = idle;
        scene.State.OwnerLoad = load;
        return scene;
    }
}
