using Isobar.Balancing.Consideration;
using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Tests.Consideration;

/// <summary>What a rule wants done because it pays, and what because it must be.</summary>
public sealed class GroundTests
{
    private static readonly string[] Needs = ["condor", "federation", "freeze", "memory-ushering", "reclaim", "sprite"];
    private static readonly string[] NeedsInEveryProfile = ["evacuate", "limits", "owner"];

    [Fact]
    public void Every_rule_has_its_ground()
    {
        foreach (string name in Policies.Consideration.All.Select(policy => policy.Name))
        {
            Ground expected = Needs.Contains(name) ? Ground.Need : NeedsInEveryProfile.Contains(name) ? Ground.NeedInEveryProfile : Ground.Gain;
            Assert.Equal((name, expected), (name, Scene.Rule(name).Ground));
        }
    }

    [Fact]
    public void Actions_have_the_ground_of_the_rule_that_wants_them()
    {
        var random = new RandomSource(1);
        var plan = new Plan();
        new RuleChain(new Mover(1).On(Ground.NeedInEveryProfile), new Mover(2), new Mover(3).On(Ground.Need)).Decide(new Scene().Snapshot(), Trigger.Periodic, ref random, plan);
        Assert.Equal([Ground.NeedInEveryProfile, Ground.Gain, Ground.Need], plan.Actions.ToArray().Select(action => action.Ground));
    }

    [Fact]
    public void What_an_owner_wants_gone_stands_still_until_it_can_go()
    {
        Assert.True(WhenTheOwnerIsBack(JobFlags.None).StandsStillMeanwhile);
        Assert.False(WhenTheOwnerIsBack(JobFlags.Stopped).StandsStillMeanwhile);

        static PlannedAction WhenTheOwnerIsBack(JobFlags flags)
        {
            JobInfo guest = Scene.Job(1, 50, home: 2);
            guest.Flags = flags;
            Scene scene = new Scene().WithJobs(guest).WithOthers(Scene.Machine(2, 0));
            scene.State.OwnerIdleSeconds = 1;
            return scene.Single(Scene.Rule("owner"));
        }
    }

    private sealed class Mover(int job) : ConsiderationRule
    {
        private static readonly ReasonForm Words = new("mover", "{job} moves to {node}");

        public override string Name => "mover";

        public override bool Consider(in Snapshot snapshot, Trigger trigger, ref RandomSource random, Plan plan)
        {
            JobInfo moved = Scene.Job(job, 1);
            plan.Move(in moved, new NodeId(5), Words.With(moved.Id, new NodeId(5)));
            return false;
        }
    }
}
