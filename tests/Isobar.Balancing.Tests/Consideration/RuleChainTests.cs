using CsCheck;
using Isobar.Balancing.Consideration;
using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Tests.Consideration;

/// <summary>What must hold for every rule that there is, whatever the world looks like.</summary>
public sealed class RuleChainTests
{
    private static readonly Gen<JobInfo> AnyJob =
        Gen.Select(
            Gen.Select(Gen.Int[0, 255], Gen.Byte, Gen.Int[0, 7], Gen.Int[0, 20]),
            Gen.Select(Gen.Double[0, 5000], Gen.Double[0, 1], Gen.Double[0, 4000], Gen.Double[0, 1e8]),
            Gen.Select(Gen.Double[0, 5000], Gen.Double[0, 1e5], Gen.Int[0, 9]))
        .Select((a, b, c) => new JobInfo
        {
            Flags = (JobFlags)a.Item1,
            Priority = a.Item2,
            Home = new NodeId(a.Item3),
            Node = new NodeId(0),
            Forks = a.Item4,
            CpuSeconds = b.Item1,
            CpuSecondsHere = b.Item1 * b.Item2,
            Load = b.Item2,
            Tasks = 1,
            ResidentBytes = (long)(b.Item3 * (1 << 20)),
            HomeIoBytesPerSecond = b.Item4,
            ArrivedHere = Scene.Start - c.Item1,
            Started = Scene.Start - c.Item1 - c.Item2,
            StateSince = Scene.Start - c.Item1,
            LastCheckpoint = Scene.Start - c.Item2,
            Moves = c.Item3,
        });

    private static readonly Gen<LoadEntry> AnyOther =
        Gen.Select(
            Gen.Select(Gen.Int[0, 255], Gen.Double[0, 20], Gen.Int[1, 16], Gen.Double[0.2, 4]),
            Gen.Select(Gen.UInt[0, 16384], Gen.UShort, Gen.UShort[0, 5], Gen.Byte, Gen.Double[0, 100]))
        .Select((a, b) => Scene.Machine(1, (float)a.Item2, a.Item3, (float)a.Item4) with
        {
            Flags = (NodeFlags)a.Item1,
            FreeMemoryMiB = b.Item1,
            OwnerIdleSeconds = b.Item2,
            Guests = b.Item3,
            Level = b.Item4,
            Stamp = Scene.Start - b.Item5,
        });

    private static readonly Gen<Scene> World =
        Gen.Select(
            AnyJob.Array[0, 10],
            AnyOther.Array[0, 7],
            Gen.Select(Gen.Double[0, 20], Gen.Double[0, 1], Gen.Double[0, 20000], Gen.Double[0, 3], Gen.Bool),
            Gen.ULong)
        .Select((jobs, others, state, seed) =>
        {
            var scene = new Scene { Random = new RandomSource(seed), Roster = new RangeRoster(8, 4) };
            for (int i = 0; i < jobs.Length; i++)
                jobs[i].Id = new JobId(i + 1);
            scene.WithJobs(jobs).SetReady(state.Item1);
            for (int i = 0; i < others.Length; i++)
                others[i].Node = new NodeId(i + 1);
            scene.WithOthers(others);
            scene.State.TotalMemoryBytes = 16L << 30;
            scene.State.FreeMemoryBytes = (long)(state.Item2 * state.Item2 * (16L << 30));
            scene.State.OwnerIdleSeconds = state.Item3;
            scene.State.OwnerLoad = state.Item4;
            scene.State.Leaving = state.Item5;
            scene.State.UsedProcessSlots = (int)(state.Item2 * 100);
            scene.State.MaxProcessSlots = 100;
            return scene;
        });

    /// <summary>Going home is a rule's last resort where its system has no other; everything else obeys a job's limits.</summary>
    [Fact]
    public void No_rule_moves_a_job_where_its_limits_forbid_it_unless_home() =>
        World.Sample(scene =>
        {
            scene.Limits = new OnlyOn(1, 3, 5);
            foreach (Policy<RuleFactory> policy in Policies.Consideration.All)
            {
                foreach (PlannedAction action in scene.Decide(Scene.Rule(policy.Name)).Actions)
                {
                    if (action.Kind == ActionKind.Move)
                        Assert.True(scene.Limits.Allows(action.Job, action.To) || action.To == scene.Jobs.Find(job => job.Id == action.Job).Home, $"{policy.Name} moves to {action.To}");
                }
            }
        }, iter: 400);

    [Fact]
    public void No_rule_ever_moves_an_immobile_job_or_plans_twice_or_without_a_reason() =>
        World.Sample(scene =>
        {
            foreach (Policy<RuleFactory> policy in Policies.Consideration.All)
            {
                ConsiderationRule rule = Scene.Rule(policy.Name);
                foreach (Trigger trigger in new[] { Trigger.Arrival, Trigger.Periodic, Trigger.OwnerReturned })
                {
                    Plan plan = scene.Decide(rule, trigger);
                    AssertSound(scene, plan, policy.Name);
                }
            }
        }, iter: 400);

    [Fact]
    public void No_shipped_profile_does_either() =>
        World.Sample(scene =>
        {
            foreach (string name in ProfileReader.Shipped)
            {
                RuleChain chain = ProfileReader.Load(name).CreateRules(new NodeId(0));
                var plan = new Plan(true);
                RandomSource random = scene.Random;
                chain.Decide(scene.Snapshot(), Trigger.Arrival, ref random, plan);
                AssertSound(scene, plan, null);
            }
        }, iter: 60);

    [Fact]
    public void Every_rule_answers_placements_and_offers_with_words() =>
        Gen.Select(World, AnyJob).Sample((scene, job) =>
        {
            job.Flags = JobFlags.None;
            foreach (Policy<RuleFactory> policy in Policies.Consideration.All)
            {
                ConsiderationRule rule = Scene.Rule(policy.Name);
                RandomSource random = scene.Random;
                if (rule.TryPlace(scene.Snapshot(), in job, ref random, out Placement placement))
                {
                    Scene.AssertExplained(placement.Reason, policy.Name);
                    Assert.InRange(placement.Target.Value, 0, 7);
                    int known = scene.Others.FindIndex(o => o.Node == placement.Target);
                    bool blind = policy.Name is "random" or "round-robin" or "data-affinity";
                    if (known >= 0 && !blind)
                        Assert.False(scene.Others[known].Has(NodeFlags.Dead) || scene.Others[known].Has(NodeFlags.Blocked));
                }

                var offer = new JobOffer(job, new NodeId(3), 0.3, 1, false, scene.Others.Count % 2 == 0);
                if (rule.TryJudge(scene.Snapshot(), in offer, out Acceptance acceptance))
                    Scene.AssertExplained(acceptance.Reason, policy.Name);
            }
        }, iter: 300);

    [Fact]
    public void The_same_world_and_seed_give_the_same_plan() =>
        World.Sample(scene =>
        {
            foreach (Policy<RuleFactory> policy in Policies.Consideration.All)
            {
                RandomSource seed = scene.Random;
                PlannedAction[] first = scene.Decide(Scene.Rule(policy.Name)).Actions.ToArray();
                scene.Random = seed;
                PlannedAction[] second = scene.Decide(Scene.Rule(policy.Name)).Actions.ToArray();
                Assert.Equal(
                    first.Select(a => (a.Kind, a.Job, a.From, a.To, a.Alternate, a.Bytes)),
                    second.Select(a => (a.Kind, a.Job, a.From, a.To, a.Alternate, a.Bytes)));
            }
        }, iter: 60);

    [Fact]
    public void Deciding_allocates_nothing_once_warm()
    {
        Scene scene = new Scene().WithJobs([.. Enumerable.Range(1, 12).Select(i => Scene.Job(i, 5 * i, home: i % 3))])
            .WithOthers([.. Enumerable.Range(1, 7).Select(i => Scene.Machine(i, i % 4))]);
        scene.State.TotalMemoryBytes = 16L << 30;
        scene.State.FreeMemoryBytes = 100L << 20;
        foreach (Policy<RuleFactory> policy in Policies.Consideration.All)
        {
            ConsiderationRule rule = Scene.Rule(policy.Name);
            var plan = new Plan();
            var random = new RandomSource(1);
            for (int i = 0; i < 3; i++)
                Ask(scene, rule, plan, ref random);
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 100; i++)
                Ask(scene, rule, plan, ref random);
            Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 100, policy.Name);
        }
    }

    [Fact]
    public void Reasons_have_as_many_digits_as_one_can_read()
    {
        var form = new ReasonForm("test", "{a} {b} {c} {d}");
        Assert.Equal("9.999 10.4 999.9 1000", form.With(default, default, 9.9994, 10.44, 999.94, 1000.4).Describe());
        Assert.Equal("10 -1200 ? very many", form.With(default, default, 10.04, -1200.4, double.NaN, double.PositiveInfinity).Describe());
    }

    [Fact]
    public void One_refusal_is_enough_and_frozen_arrival_is_kept()
    {
        Scene scene = new Scene().WithJobs([.. Enumerable.Range(1, 5).Select(i => Scene.Job(i, 1, home: 3))]);
        var offer = new JobOffer(Scene.Job(9, 1, home: 5), new NodeId(1), 1, 1, false, true);
        Acceptance taken = new RuleChain(Scene.Rule("freeze"), Scene.Rule("lifetime")).Judge(scene.Snapshot(), in offer);
        Assert.True(taken.Accepted && taken.Suspended);
        scene.State.Leaving = true;
        Assert.False(new RuleChain(Scene.Rule("freeze"), Scene.Rule("evacuate")).Judge(scene.Snapshot(), in offer).Accepted);
        Assert.True(new RuleChain().Judge(scene.Snapshot(), in offer).Accepted);
    }

    private static void Ask(Scene scene, ConsiderationRule rule, Plan plan, ref RandomSource random)
    {
        plan.Clear();
        Snapshot snapshot = scene.Snapshot();
        rule.Consider(in snapshot, Trigger.Arrival, ref random, plan);
        JobInfo job = Scene.Job(99, 0);
        rule.TryPlace(in snapshot, in job, ref random, out _);
        var offer = new JobOffer(job, new NodeId(1), 0.5, 1, false, false);
        rule.TryJudge(in snapshot, in offer, out _);
    }

    private static void AssertSound(Scene scene, Plan plan, string? rule)
    {
        PlannedAction[] actions = plan.Actions.ToArray();
        Assert.Equal(actions.Length, actions.Select(a => a.Job).Distinct().Count());
        foreach (PlannedAction action in actions)
        {
            Scene.AssertExplained(action.Reason, rule ?? action.Reason.Rule);
            JobInfo job = scene.Jobs.Single(j => j.Id == action.Job);
            Assert.Equal(job.Node, action.From);
            if (action.Kind == ActionKind.Move)
            {
                Assert.True(job.CanLeave, action.Reason.ToString());
                Assert.NotEqual(action.From, action.To);
                Assert.InRange(action.To.Value, 0, 7);
                Assert.NotEqual(action.To, action.Alternate);
                int known = scene.Others.FindIndex(o => o.Node == action.To);
                bool goesHome = action.To == job.Home;
                if (known >= 0 && !goesHome)
                    Assert.False(scene.Others[known].Has(NodeFlags.Dead) || scene.Others[known].Has(NodeFlags.Blocked), action.Reason.ToString());
            }
            else if (action.Kind != ActionKind.PageOut)
            {
                Assert.Equal(action.From, action.To);
            }
        }

        foreach (Reason stay in plan.Stays)
            Scene.AssertExplained(stay, rule ?? stay.Rule);
    }
}
