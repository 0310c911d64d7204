using CsCheck;
using Isobar.Balancing.Consideration;
using Isobar.Balancing.Consideration.Memory;
using Isobar.Balancing.Load;

namespace Isobar.Balancing.Tests.Consideration;

public sealed class MemoryTests
{
    [Fact]
    public void The_smallest_job_that_cures_the_want_goes_else_the_largest()
    {
        // 5 % of 16 GiB = 819 MiB must be free, 719 are: 100 are wanted.
        Scene scene = Short(719).WithJobs(Scene.Job(1, 1, 99), Scene.Job(2, 1, 101), Scene.Job(3, 1, 300), Scene.Job(4, 1, 50)).WithOthers(Scene.Machine(1, 9));
        Assert.Equal(2, scene.Single(Scene.Rule("memory-ushering")).Job.Value);
        scene.Jobs.RemoveRange(1, 2);
        Assert.Equal(1, scene.Single(Scene.Rule("memory-ushering")).Job.Value);
    }

    [Fact]
    public void The_threshold_is_a_share_or_an_amount_whichever_is_more()
    {
        Scene scene = Short(830).WithJobs(Scene.Job(1, 1, 99)).WithOthers(Scene.Machine(1, 9));
        Assert.Equal(0, scene.Decide(Scene.Rule("memory-ushering")).Actions.Length);
        Assert.Equal(1, scene.Decide(Scene.Rule("memory-ushering", ("freeShare", 0.06))).Actions.Length);
        Assert.Equal(1, scene.Decide(Scene.Rule("memory-ushering", ("freeMiB", 831))).Actions.Length);
        Assert.Equal(0, scene.Decide(Scene.Rule("memory-ushering", ("freeMiB", 829))).Actions.Length);
    }

    [Fact]
    public void The_target_keeps_its_own_threshold_and_the_least_load_is_preferred()
    {
        LoadEntry tight = Scene.Machine(1, 0) with { FreeMemoryMiB = 819 + 99 };
        LoadEntry busy = Scene.Machine(2, 5);
        LoadEntry lessBusy = Scene.Machine(3, 4);
        Scene scene = Short(100).WithJobs(Scene.Job(1, 1, 100)).WithOthers(tight, busy, lessBusy);
        Assert.Equal(3, scene.Single(Scene.Rule("memory-ushering")).To.Value);
        scene.Others[0] = tight with { FreeMemoryMiB = 819 + 102 };
        Assert.Equal(1, scene.Single(Scene.Rule("memory-ushering")).To.Value);
    }

    [Fact]
    public void Memory_that_fills_counts_as_filled_and_what_leaves_as_free()
    {
        // 819 MiB must be free, 1000 are; at 100 MiB a second half of them are gone in five seconds.
        Scene scene = Short(1000).WithJobs(Scene.Job(1, 1, 99), Scene.Job(2, 1, 400)).WithOthers(Scene.Machine(1, 9));
        scene.State.MemoryFillBytesPerSecond = 100 << 20;
        Assert.Equal(0, scene.Decide(Scene.Rule("memory-ushering")).Actions.Length);
        Assert.Equal(2, scene.Single(Scene.Rule("memory-ushering", ("aheadSeconds", 5))).Job.Value);
        scene.Jobs[1] = scene.Jobs[1] with { Flags = JobFlags.Moving };
        Assert.Equal(0, scene.Decide(Scene.Rule("memory-ushering", ("aheadSeconds", 5))).Actions.Length);
        scene.Jobs[1] = scene.Jobs[1] with { Flags = JobFlags.None };
        scene.State.MemoryFillBytesPerSecond = -(100 << 20);
        Assert.Equal(0, scene.Decide(Scene.Rule("memory-ushering", ("aheadSeconds", 5))).Actions.Length);
    }

    [Fact]
    public void A_target_must_have_room_for_what_is_read_at_once_beside_the_job()
    {
        LoadEntry roomy = Scene.Machine(1, 9) with { FreeMemoryMiB = 1999 };
        Scene scene = Short(100).WithJobs(Scene.Job(1, 1, 1000)).WithOthers(roomy);
        Assert.Equal(1, scene.Decide(Scene.Rule("memory-ushering")).Actions.Length);
        Assert.Equal(0, scene.Decide(Scene.Rule("memory-ushering", ("arrivalMiB", 1000))).Actions.Length);
        scene.Others[0] = roomy with { FreeMemoryMiB = 2000 };
        Assert.Equal(1, scene.Decide(Scene.Rule("memory-ushering", ("arrivalMiB", 1000))).Actions.Length);
        var offer = new JobOffer(Scene.Job(1, 1, 1000), new NodeId(1), 1, 1, false, true);
        Scene target = Short(1999);
        Assert.True(target.Judge(Scene.Rule("memory-ushering"), offer).Accepted);
        Assert.False(target.Judge(Scene.Rule("memory-ushering", ("arrivalMiB", 1000)), offer).Accepted);
    }

    [Fact]
    public void Want_of_memory_overrides_balancing_even_without_a_target()
    {
        Scene scene = Short(100).WithJobs(Scene.Job(1, 1000, 100), Scene.Job(2, 1000, 100)).WithOthers(Scene.Machine(1, 0) with { FreeMemoryMiB = 200 });
        var chain = new RuleChain(Scene.Rule("memory-ushering"), Scene.Rule("lifetime", ("periodic", 1)));
        var plan = new Plan(true);
        RandomSource random = scene.Random;
        chain.Decide(scene.Snapshot(), Trigger.Periodic, ref random, plan);
        Assert.Equal(0, plan.Actions.Length);
        Scene.AssertExplained(Assert.Single(plan.Stays), "memory-ushering");
        scene.State.FreeMemoryBytes = 8L << 30;
        chain.Decide(scene.Snapshot(), Trigger.Periodic, ref random, plan);
        Assert.Equal(1, plan.Actions.Length);
    }

    [Fact]
    public void A_target_refuses_what_would_make_it_short_even_if_forced()
    {
        Scene scene = Short(1000);
        var offer = new JobOffer(Scene.Job(1, 1, 180), new NodeId(1), 1, 1, false, true);
        Assert.True(scene.Judge(Scene.Rule("memory-ushering"), offer).Accepted);
        Acceptance refused = scene.Judge(Scene.Rule("memory-ushering"), offer with { Job = Scene.Job(1, 1, 182) });
        Assert.False(refused.Accepted);
        Scene.AssertExplained(refused.Reason, "memory-ushering");
    }

    [Fact]
    public void Ushering_never_moves_what_cannot_leave_and_never_to_where_there_is_no_room() =>
        Gen.Select(Gen.Int[0, 255], Gen.Int[1, 2000], Gen.Int[0, 900], Gen.Int[0, 4000]).Sample((flags, megabytes, free, there) =>
        {
            JobInfo job = Scene.Job(1, 10, megabytes) with { Flags = (JobFlags)flags };
            Scene scene = Short(free).WithJobs(job).WithOthers(Scene.Machine(1, 0) with { FreeMemoryMiB = (uint)there });
            foreach (PlannedAction action in scene.Decide(Scene.Rule("memory-ushering")).Actions)
                Assert.True(job.CanLeave && there - megabytes > 819 && free < 820 && action.Kind == ActionKind.Move);
        });

    [Fact]
    public void Pages_go_to_idle_memory_in_proportion()
    {
        Scene scene = Short(500).WithJobs(Scene.Job(1, 1, 2000), Scene.Job(2, 1, 100)).WithOthers(
            Scene.Machine(1, 0) with { FreeMemoryMiB = 819 + 1000 },
            Scene.Machine(2, 0) with { FreeMemoryMiB = 819 + 3000 },
            Scene.Machine(3, 0) with { FreeMemoryMiB = 800 });
        int[] hits = new int[4];
        ConsiderationRule rule = Scene.Rule("global-memory");
        for (int i = 0; i < 2000; i++)
        {
            PlannedAction action = scene.Single(rule);
            Assert.Equal((ActionKind.PageOut, 1L), (action.Kind, action.Job.Value));
            Assert.InRange(action.Bytes >> 20, 318, 320);
            hits[action.To.Value]++;
        }

        Assert.Equal(0, hits[3]);
        Assert.Equal(0.75, hits[2] / 2000.0, 0.05);
    }

    [Fact]
    public void No_more_pages_go_than_the_target_has_above_its_own_threshold()
    {
        Scene scene = Short(100).WithJobs(Scene.Job(1, 1, 2000)).WithOthers(Scene.Machine(1, 0) with { FreeMemoryMiB = 829 });
        PlannedAction action = scene.Single(Scene.Rule("global-memory"));
        Assert.Equal(829 - 0.05 * 16384, (double)action.Bytes / (1 << 20), 0.001);
        Assert.Equal((9.8, 829.0, 100.0), (Math.Round(action.Reason.A, 3), action.Reason.B, action.Reason.C));
    }

    [Fact]
    public void Memory_servers_are_the_pool_alone()
    {
        Scene scene = Short(500).WithJobs(Scene.Job(1, 1, 2000)).WithOthers(
            Scene.Machine(1, 0) with { FreeMemoryMiB = 9000 }, Scene.Machine(2, 0) with { FreeMemoryMiB = 2000, Flags = NodeFlags.Pool });
        for (int i = 0; i < 50; i++)
            Assert.Equal(2, scene.Single(Scene.Rule("memory-server")).To.Value);
    }

    [Fact]
    public void An_epoch_replaces_the_oldest_pages_of_all_nodes()
    {
        double[][] ages = [[1, 2, 3], [100, 90, 80, 70], [50, 4]];
        var epoch = new ReplacementEpoch(ages, 5);
        Assert.Equal(50, epoch.MinAge);
        Assert.Equal((0, 4, 1), (epoch.Weight(0), epoch.Weight(1), epoch.Weight(2)));
        Assert.Equal(1, epoch.NextInitiator);
        var random = new RandomSource(5);
        Assert.Equal(-1, epoch.Evict(51, ref random));
        int[] got = new int[3];
        for (int i = 0; i < 5; i++)
            got[epoch.Evict(10, ref random)]++;
        Assert.Equal([0, 4, 1], got);
        Assert.True(epoch.IsOver);
        Assert.Equal(-1, epoch.Evict(10, ref random));
    }

    private static Scene Short(double freeMiB)
    {
        var scene = new Scene();
        scene.State.TotalMemoryBytes = 16L << 30;
        scene.State.FreeMemoryBytes = (long)(freeMiB * (1 << 20));
        return scene;
    }
}
