using Isobar.Balancing.Consideration;
using Isobar.Balancing.Consideration.Placing;
using Isobar.Balancing.Load;

namespace Isobar.Balancing.Tests.Consideration;

public sealed class PlacingTests
{
    [Fact]
    public void Without_a_rule_a_job_starts_here()
    {
        Scene scene = new Scene().SetReady(9).WithOthers(Scene.Machine(1, 0));
        RandomSource random = scene.Random;
        Assert.Equal(0, new RuleChain().Place(scene.Snapshot(), Scene.Job(1, 0), ref random).Target.Value);
        Assert.Equal(0, scene.Place(Scene.Rule("none"), Scene.Job(1, 0)).Target.Value);
    }

    [Fact]
    public void Random_takes_every_node_as_often()
    {
        var scene = new Scene();
        int[] hits = new int[8];
        for (int i = 0; i < 8000; i++)
            hits[scene.Place(Scene.Rule("random"), Scene.Job(1, 0)).Target.Value]++;
        Assert.All(hits, h => Assert.InRange(h, 850, 1150));
    }

    [Fact]
    public void A_ring_goes_round_from_the_next_node_on()
    {
        var scene = new Scene();
        ConsiderationRule rule = Scene.Rule("round-robin");
        var got = Enumerable.Range(0, 9).Select(_ => scene.Place(rule, Scene.Job(1, 0)).Target.Value).ToList();
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 0, 1], got);
    }

    [Fact]
    public void The_better_of_two_random_nodes_is_taken()
    {
        // With two draws out of four, the k-th best is taken with probability ((5-k)^2 - (4-k)^2) / 16.
        Scene scene = new Scene().SetReady(0).WithOthers(Scene.Machine(1, 1), Scene.Machine(2, 2), Scene.Machine(3, 3));
        int[] hits = new int[4];
        for (int i = 0; i < 16000; i++)
            hits[scene.Place(Scene.Rule("best-of"), Scene.Job(1, 0)).Target.Value]++;
        int[] expected = [7000, 5000, 3000, 1000];
        for (int i = 0; i < 4; i++)
            Assert.Equal(expected[i], hits[i], 300.0);
        Placement one = scene.Place(Scene.Rule("best-of", ("choices", 64)), Scene.Job(1, 0));
        Assert.Equal(0, one.Target.Value);
        Assert.False(one.Alternate.IsNone);
        Assert.NotEqual(0, scene.Place(Scene.Rule("best-of", ("includeSelf", 0)), Scene.Job(1, 0)).Target.Value);
    }

    [Fact]
    public void The_least_loaded_or_one_within_five_units_of_it()
    {
        Scene scene = new Scene().SetReady(2).WithOthers(Scene.Machine(1, 1), Scene.Machine(2, 1.04f), Scene.Machine(3, 1.06f));
        var hit = new HashSet<int>();
        for (int i = 0; i < 100; i++)
            hit.Add(scene.Place(Scene.Rule("least-loaded"), Scene.Job(1, 0)).Target.Value);
        Assert.Equal([1, 2], hit.Order());
        Assert.Equal(1, scene.Place(Scene.Rule("least-loaded", ("within", 0)), Scene.Job(1, 0)).Target.Value);
        scene.SetReady(1.05);
        Assert.Equal(0, scene.Place(Scene.Rule("least-loaded"), Scene.Job(1, 0)).Target.Value);
    }

    [Fact]
    public void A_pool_gives_most_power_per_process_with_memory_enough()
    {
        Scene scene = new Scene().SetReady(0).WithOthers(Scene.Machine(1, 3, 8), Scene.Machine(2, 0, 1, 3), Scene.Machine(3, 0, 1, 2.5f));
        Assert.Equal(2, scene.Place(Scene.Rule("pool"), Scene.Job(1, 0)).Target.Value);
        scene.Others[1] = scene.Others[1] with { FreeMemoryMiB = 10 };
        Assert.Equal(3, scene.Place(Scene.Rule("pool"), Scene.Job(1, 0, 100)).Target.Value);
        scene.Others[0] = scene.Others[0] with { Flags = NodeFlags.Pool };
        Assert.Equal(1, scene.Place(Scene.Rule("pool"), Scene.Job(1, 0)).Target.Value);
    }

    [Theory]
    [InlineData(899, 0)]
    [InlineData(900, 2)]
    public void A_nearly_full_process_table_pushes_new_jobs_away(int used, int target)
    {
        Scene scene = new Scene().SetReady(0).WithOthers(Scene.Machine(1, 5), Scene.Machine(2, 4));
        scene.State.UsedProcessSlots = used;
        scene.State.MaxProcessSlots = 1000;
        Placement placement = scene.Place(Scene.Rule("process-table"), Scene.Job(1, 0));
        Assert.Equal(target, placement.Target.Value);
        Acceptance acceptance = scene.Judge(Scene.Rule("process-table"), new JobOffer(Scene.Job(9, 1), new NodeId(1), 1, 1, false, false));
        Assert.Equal(target == 0, acceptance.Accepted);
        if (target != 0)
            Assert.Equal(((double)used, 1000.0, 90.0), (placement.Reason.A, placement.Reason.B, placement.Reason.C));
    }

    [Fact]
    public void Signatures_place_long_programs_away_and_leave_short_ones()
    {
        var rule = (SignatureRule)Scene.Rule("signatures");
        for (int i = 0; i < 5; i++)
        {
            rule.Learn(new JobEnd(1, 20, 25, 1 << 20, 0, 0));
            rule.Learn(new JobEnd(2, 0.1, 0.1, 1 << 20, 0, 0));
        }

        Scene scene = new Scene().SetReady(1).WithOthers(Scene.Machine(1, 0), Scene.Machine(2, 1));
        Placement away = scene.Place(rule, Scene.Job(1, 0) with { Program = 1 });
        Assert.Equal(1, away.Target.Value);
        Assert.Equal((20.0, 20.3, 40.0, 5.0), (away.Reason.A, Math.Round(away.Reason.B, 9), away.Reason.C, away.Reason.D));
        Assert.Equal(0, scene.Place(rule, Scene.Job(1, 0) with { Program = 2 }).Target.Value);
        Assert.Equal(0, scene.Place(rule, Scene.Job(1, 0) with { Program = 3 }).Target.Value);
        Assert.Equal(1, scene.Place(rule, Scene.Job(1, 0) with { Program = 3, ExpectedCpuSeconds = 9 }).Target.Value);
        Assert.Equal(0, scene.Place(rule, Scene.Job(1, 0) with { Program = 1, ExpectedCpuSeconds = 0.2 }).Target.Value);
    }

    [Fact]
    public void One_long_run_among_short_ones_does_not_make_a_program_typically_long()
    {
        var store = new SignatureStore(16, 0.3);
        for (int i = 0; i < 20; i++)
            store.Learn(new JobEnd(7, 0.1, 0, 0, 0, 0));
        store.Learn(new JobEnd(7, 100, 0, 0, 0, 0));
        Assert.True(store.TryGet(7, out Signature signature));
        Assert.Equal(0.1 + 0.3 * 99.9, signature.CpuSeconds, 6);
        Assert.InRange(signature.TypicalCpuSeconds, 0.1, 1.1);
        Assert.Equal(21, signature.Runs);
    }

    [Fact]
    public void Predictions_wait_for_enough_runs()
    {
        ConsiderationRule rule = Scene.Rule("signatures", ("minRuns", 2));
        Scene scene = new Scene().SetReady(1).WithOthers(Scene.Machine(1, 0));
        rule.Learn(new JobEnd(1, 20, 25, 0, 0, 0));
        Assert.Equal(0, scene.Place(rule, Scene.Job(1, 0) with { Program = 1 }).Target.Value);
        rule.Learn(new JobEnd(1, 20, 25, 0, 0, 0));
        Assert.Equal(1, scene.Place(rule, Scene.Job(1, 0) with { Program = 1 }).Target.Value);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(3, 0)]
    [InlineData(5, 1)]
    public void A_program_of_too_few_runs_counts_as_unknown_and_leaves_a_crowd_only(int tasks, int startsOn)
    {
        // 0.1 CPU s: alone elsewhere 0.1 s and 0.3 s for the start, and here 0.1 s for each task.
        ConsiderationRule rule = Scene.Rule("signatures", ("minRuns", 3), ("unknownCpuSeconds", 0.1));
        rule.Learn(new JobEnd(1, 1000, 1000, 0, 0, 0));
        Scene scene = new Scene().SetReady(tasks - 1).WithOthers(Scene.Machine(1, 0));
        Assert.Equal(startsOn, scene.Place(rule, Scene.Job(1, 0) with { Program = 1 }).Target.Value);
        Assert.Equal(startsOn, scene.Place(rule, Scene.Job(1, 0) with { Program = 2 }).Target.Value);
    }

    [Fact]
    public void The_store_stays_small_and_keeps_what_runs_often()
    {
        var store = new SignatureStore(8, 0.3);
        for (int i = 0; i < 50; i++)
            store.Learn(new JobEnd(1, 5, 5, 0, 0, 0));
        for (ulong program = 2; program < 500; program++)
            store.Learn(new JobEnd(program, 1, 1, 0, 0, 0));
        Assert.Equal(8, store.Count);
        Assert.True(store.TryGet(1, out _));
    }

    /// <summary>Eight are looked at, so that a full store costs no more than a small one: the ninth is safe although it ran least.</summary>
    [Fact]
    public void Of_the_first_eight_programs_the_one_that_ran_least_makes_room()
    {
        var store = new SignatureStore(20, 0.3);
        for (ulong program = 1; program <= 20; program++)
        {
            for (int runs = 0; runs < (program == 5 ? 2 : program <= 8 ? 3 : 1); runs++)
                store.Learn(new JobEnd(program, 1, 1, 0, 0, 0));
        }

        store.Learn(new JobEnd(21, 1, 1, 0, 0, 0));
        Assert.Equal([5UL], Enumerable.Range(1, 21).Select(i => (ulong)i).Where(i => !store.TryGet(i, out _)));
    }

    [Fact]
    public void File_traffic_keeps_a_program_at_home()
    {
        Scene scene = new Scene().SetReady(1).WithOthers(Scene.Machine(1, 0));
        ConsiderationRule rule = Scene.Rule("signatures", ("ioBytesPerSecond", 1e6));
        rule.Learn(new JobEnd(1, 10, 10, 0, 9e6, 0));
        rule.Learn(new JobEnd(2, 10, 10, 0, 11e6, 0));
        Assert.Equal(1, scene.Place(rule, Scene.Job(1, 0) with { Program = 1 }).Target.Value);
        Assert.Equal(0, scene.Place(rule, Scene.Job(1, 0) with { Program = 2 }).Target.Value);
    }
}
