using Isobar.Balancing.Consideration;

namespace Isobar.Balancing.Tests.Consideration;

/// <summary>A job that may not be where it is goes where it may be, and runs on where it is as long as that takes.</summary>
public sealed class LimitsRuleTests
{
    [Fact]
    public void A_job_leaves_a_node_that_it_may_not_use_for_the_fastest_allowed_one()
    {
        var scene = new Scene { Limits = new OnlyOn(2, 3) };
        scene.WithJobs(Scene.Job(1, 1)).WithOthers(Scene.Machine(1, 0), Scene.Machine(2, 5), Scene.Machine(3, 1));
        PlannedAction action = scene.Single(Scene.Rule("limits"));
        Assert.Equal((ActionKind.Move, 3), (action.Kind, action.To.Value));
    }

    [Fact]
    public void Where_no_allowed_node_takes_it_it_stays_and_says_so()
    {
        var scene = new Scene { Limits = new OnlyOn(2) };
        scene.WithJobs(Scene.Job(1, 1)).WithOthers(Scene.Machine(1, 0));
        Plan plan = scene.Decide(Scene.Rule("limits"));
        Assert.Equal(0, plan.Actions.Length);
        Scene.AssertExplained(Assert.Single(plan.Stays), "limits");
    }

    [Fact]
    public void Allowed_jobs_and_jobs_without_limits_stay()
    {
        var scene = new Scene();
        scene.WithJobs(Scene.Job(1, 1)).WithOthers(Scene.Machine(1, 0));
        Assert.Equal(0, scene.Decide(Scene.Rule("limits")).Actions.Length);
        scene.Limits = new OnlyOn(0);
        Assert.Equal(0, scene.Decide(Scene.Rule("limits")).Actions.Length);
    }
}
