using Isobar.Balancing.Consideration;
using Isobar.Balancing.Load;

namespace Isobar.Balancing.Tests.Consideration;

/// <summary>The rule that puts a machine's owner first, whatever the profile.</summary>
public sealed class OwnerRuleTests
{
    private static readonly JobOffer Offer = new(Scene.Job(9, 1, home: 5), new NodeId(1), 1, 1, false, true);

    [Fact]
    public void Guests_leave_for_the_machine_that_serves_them_fastest_and_own_jobs_stay()
    {
        Scene scene = Seen(3).WithJobs(Scene.Job(1, 1, home: 1), Scene.Job(2, 1)).WithOthers(Scene.Machine(1, 4), Scene.Machine(2, 0));
        PlannedAction action = scene.Single(Scene.Rule("owner"));
        Assert.Equal((ActionKind.Move, 1L, 2), (action.Kind, action.Job.Value, action.To.Value));
        Assert.Equal(1, action.Alternate.Value);
    }

    [Fact]
    public void Home_wins_a_tie_and_takes_its_own_back_even_when_it_is_closed_to_others()
    {
        Scene scene = Seen(3).WithJobs(Scene.Job(1, 1, home: 1)).WithOthers(Scene.Machine(2, 0), Scene.Machine(1, 0));
        Assert.Equal(1, scene.Single(Scene.Rule("owner")).To.Value);
        scene.Others[0] = Scene.Machine(2, 0) with { Flags = NodeFlags.Blocked | NodeFlags.OwnerPresent };
        scene.Others[1] = Scene.Machine(1, 9) with { Flags = NodeFlags.Blocked | NodeFlags.OwnerPresent };
        Assert.Equal(1, scene.Single(Scene.Rule("owner")).To.Value);
    }

    [Fact]
    public void Several_guests_do_not_all_go_to_the_same_machine()
    {
        Scene scene = Seen(3).WithJobs(Scene.Job(1, 1, home: 3), Scene.Job(2, 1, home: 3)).WithOthers(Scene.Machine(1, 0), Scene.Machine(2, 0));
        Plan plan = scene.Decide(Scene.Rule("owner"));
        Assert.Equal([1, 2], plan.Actions.ToArray().Select(action => action.To.Value).Order());
    }

    [Fact]
    public void A_guest_that_can_go_nowhere_or_may_not_move_stands_still_until_it_can_or_the_owner_has_gone()
    {
        ConsiderationRule rule = Scene.Rule("owner");
        Scene scene = Seen(3).WithJobs(Scene.Job(1, 1, home: 1));
        Assert.Equal(ActionKind.Suspend, scene.Single(rule).Kind);
        scene.Jobs[0] = scene.Jobs[0] with { Flags = JobFlags.Suspended };
        Assert.Equal(0, scene.Decide(rule).Actions.Length);
        scene.WithOthers(Scene.Machine(1, 0));
        Assert.Equal(ActionKind.Move, scene.Single(rule).Kind);
        scene.Jobs[0] = scene.Jobs[0] with { Flags = JobFlags.Immobile };
        Assert.Equal(ActionKind.Suspend, scene.Single(rule).Kind);
        scene.Jobs[0] = scene.Jobs[0] with { Flags = JobFlags.Suspended };
        scene.State.OwnerIdleSeconds = 301;
        Assert.Equal(ActionKind.Resume, scene.Single(rule).Kind);
    }

    [Fact]
    public void Frozen_guests_stay_where_they_are_until_patience_is_over()
    {
        ConsiderationRule rule = Scene.Rule("owner", ("freeze", 1), ("patienceSeconds", 60));
        Scene scene = Seen(3).WithJobs(Scene.Job(1, 1, home: 1)).WithOthers(Scene.Machine(1, 0));
        Assert.Equal(ActionKind.Suspend, scene.Single(rule).Kind);
        scene.Jobs[0] = scene.Jobs[0] with { Flags = JobFlags.Suspended, StateSince = Scene.Start - 59 };
        Assert.Equal(0, scene.Decide(rule).Actions.Length);
        scene.Jobs[0] = scene.Jobs[0] with { StateSince = Scene.Start - 61 };
        Assert.Equal(ActionKind.Move, scene.Single(rule).Kind);
    }

    [Fact]
    public void What_its_user_has_stopped_is_neither_suspended_nor_resumed()
    {
        ConsiderationRule rule = Scene.Rule("owner", ("freeze", 1));
        Scene scene = Seen(3).WithJobs(Scene.Job(1, 1, home: 1) with { Flags = JobFlags.Stopped });
        Assert.Equal(0, scene.Decide(rule).Actions.Length);
        scene.State.OwnerIdleSeconds = double.PositiveInfinity;
        Assert.Equal(0, scene.Decide(rule).Actions.Length);
    }

    [Theory]
    [InlineData(299, false)]
    [InlineData(300, true)]
    public void No_guest_comes_while_the_owner_is_there_not_even_one_that_must_leave_elsewhere(double idle, bool takes)
    {
        Scene scene = Seen(idle);
        ConsiderationRule rule = Scene.Rule("owner");
        Assert.Equal(takes, scene.Judge(rule, Offer).Accepted);
        Assert.Equal(!takes, rule.Advertise(scene.Snapshot()) == (NodeFlags.Blocked | NodeFlags.OwnerPresent));
        Assert.True(scene.Judge(rule, Offer with { Job = Scene.Job(8, 1) }).Accepted);
    }

    [Fact]
    public void Without_an_owner_it_only_lets_go_on_what_another_rule_has_left_suspended()
    {
        Scene scene = Seen(0).WithJobs(Scene.Job(1, 1, home: 1) with { Flags = JobFlags.Suspended });
        Assert.Equal(ActionKind.Resume, scene.Single(Scene.Rule("owner", ("quietSeconds", 0))).Kind);
        Assert.Equal(0, scene.Decide(Scene.Rule("owner", ("quietSeconds", 0), ("resumes", 0))).Actions.Length);
    }

    [Fact]
    public void A_guest_goes_only_where_its_own_limits_allow()
    {
        Scene scene = Seen(3).WithJobs(Scene.Job(1, 1, home: 1) with { MinMemoryBytes = 4L << 30 })
            .WithOthers(Scene.Machine(1, 0), Scene.Machine(2, 9), Scene.Machine(3, 1) with { FreeMemoryMiB = 4095 });
        scene.Limits = new OnlyOn(2, 3);
        Assert.Equal(2, scene.Single(Scene.Rule("owner")).To.Value);
        scene.Limits = new OnlyOn(3);
        Assert.Equal(ActionKind.Suspend, scene.Single(Scene.Rule("owner")).Kind);
    }

    private static Scene Seen(double secondsAgo)
    {
        var scene = new Scene();
        scene.State.OwnerIdleSeconds = secondsAgo;
        return scene;
    }
}
