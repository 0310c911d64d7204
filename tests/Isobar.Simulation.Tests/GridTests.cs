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

    private static BatchJob Job(int number, double submit, double run, int site) => new(number, submit, run, 1, -1, 1, 1, site);
}
