using CsCheck;
using Isobar.Simulation.Grid;
using Isobar.Simulation.Workloads;

namespace Isobar.Simulation.Tests;

public sealed class GridTests
{
    [Fact]
    public void A_guest_leaves_when_the_owner_needs_his_slot_and_keeps_what_it_has_done()
    {
        // Two sites of one slot. Site 1 has two jobs: the second goes to site 2, is sent away at 4 s and comes home at 10 s.
        BatchJob[] jobs = [Job(1, 0, 10, 1), Job(2, 0, 10, 1), Job(3, 4, 5, 2)];
        var grid = new GridSimulation(jobs, [1, 1], federated: true, moveSeconds: 0);
        var results = grid.Run();
        Assert.Equal(0, results[0].Wait, 9);
        Assert.Equal(0, results[2].Wait, 9);

        // It ran 4 s, waited until site 2 was free again at 9 s, and had 6 s to go.
        Assert.Equal(5, results[1].Wait, 9);
        Assert.Equal(1, grid.Evictions);
    }

    /// <summary>When moves cost nothing, the jobs of no site wait longer in all than alone.</summary>
    [Fact]
    public void No_owner_waits_longer_than_alone()
    {
        var job = Gen.Select(Gen.Int[0, 60], Gen.Int[1, 20], Gen.Int[1, 3]);
        job.List[1, 40].Sample(drawn =>
        {
            var jobs = drawn.OrderBy(one => one.Item1).Select((one, i) => Job(i, one.Item1, one.Item2, one.Item3)).ToList();
            var alone = new GridSimulation(jobs, [1, 2, 1], federated: false, 0).Run();
            var together = new GridSimulation(jobs, [1, 2, 1], federated: true, 0).Run();
            return Enumerable.Range(1, 3).All(site => Sum(together, site) <= Sum(alone, site) + 1e-6);
        }, iter: 300);
    }

    private static double Sum(GridJobResult[] results, int site) => results.Where(one => one.Site == site - 1).Sum(one => one.Wait);

    private static BatchJob Job(int number, double submit, double run, int site) => new(number, submit, run, 1, -1, 1, 1, site);
}
