using CsCheck;
using Isobar.Simulation.Grid;
using Isobar.Simulation.Workloads;

namespace Isobar.Simulation.Tests;

public sealed class GridTests
{
    // Sums of times are rounded.
    private const double Rounding = 1e-6;

    private static readonly Gen<(BatchJob[] Jobs, int[] Slots)> Grids =
        from sites in Gen.Int[1, 4]
        from slots in Gen.Int[1, 3].Array[sites]
        from rows in Gen.Select(Gen.Double[0, 60], Gen.Double[0.1, 40], Gen.Int[1, sites]).List[1, 40]
        select (
            rows.OrderBy(row => row.Item1).Select((row, i) => Job(i + 1, row.Item1, row.Item2, row.Item3)).ToArray(),
            slots);

    [Fact]
    public void A_guest_leaves_when_the_owner_needs_his_slot_and_keeps_what_it_has_done()
    {
        // Two sites of one slot. Site 1 has two jobs: the second goes to site 2, is sent away at 4 s and comes home at 10 s.
        BatchJob[] jobs = [Job(1, 0, 10, 1), Job(2, 0, 10, 1), Job(3, 4, 5, 2)];
        var grid = new GridSimulation(jobs, [1, 1], GridPolicy.OwnersFirst, moveSeconds: 0);
        var results = grid.Run();
        Assert.Equal(0, results[0].Wait, 9);
        Assert.Equal(0, results[2].Wait, 9);

        // It ran 4 s, waited until site 2 was free again at 9 s, and had 6 s to go.
        Assert.Equal(5, results[1].Wait, 9);
        Assert.Equal(1, grid.Evictions);
    }

    /// <summary>
    /// Owners first is not enough: the second job is away while its turn at home passes to the third, and is sent away when the third holds its
    /// home for long. Alone it would have ended at 40 s.
    /// </summary>
    [Theory]
    [InlineData(GridPolicy.OwnersFirst, 129)]
    [InlineData(GridPolicy.NeverLaterThanAlone, 30)]
    public void A_job_whose_turn_passes_while_it_is_away(GridPolicy policy, double end)
    {
        BatchJob[] jobs = [Job(1, 0, 10, 1), Job(2, 0, 30, 1), Job(3, 1, 100, 1), Job(4, 11, 200, 2)];
        var results = new GridSimulation(jobs, [1, 1], policy, moveSeconds: 0).Run();
        Assert.Equal(end, results[1].Wait + results[1].Run, 9);
    }

    [Fact]
    public void No_job_ends_later_in_the_federation_than_alone_whatever_moves_cost() =>
        Gen.Select(Grids, Gen.Double[0, 30]).Sample(
            (grid, move) =>
            {
                var alone = new GridSimulation(grid.Jobs, grid.Slots, GridPolicy.Isolated, move).Run();
                var joined = new GridSimulation(grid.Jobs, grid.Slots, GridPolicy.NeverLaterThanAlone, move).Run();
                return alone.Zip(joined).All(pair => pair.Second.Wait <= pair.First.Wait + Rounding);
            },
            iter: 20_000);

    /// <summary>Every job runs to its end, no slot is used twice: the sum of waits and runs is that of some schedule.</summary>
    [Fact]
    public void No_job_ends_before_it_can() =>
        Gen.Select(Grids, Gen.Double[0, 30], Gen.Enum<GridPolicy>()).Sample(
            (grid, move, policy) => new GridSimulation(grid.Jobs, grid.Slots, policy, move).Run().All(job => job.Run > 0 && job.Wait >= -Rounding),
            iter: 5_000);

    /// <summary>With no guests to serve both policies of a federation are plain first come first served.</summary>
    [Fact]
    public void A_federation_of_one_site_is_that_site() =>
        Grids.Where(grid => grid.Slots.Length == 1).Sample(
            grid =>
            {
                var alone = new GridSimulation(grid.Jobs, grid.Slots, GridPolicy.Isolated, 1).Run();
                var joined = new GridSimulation(grid.Jobs, grid.Slots, GridPolicy.NeverLaterThanAlone, 1).Run();
                return alone.Zip(joined).All(pair => Math.Abs(pair.Second.Wait - pair.First.Wait) <= Rounding);
            },
            iter: 2_000);

    private static BatchJob Job(int number, double submit, double run, int site) => new(number, submit, run, 1, -1, 1, 1, site);
}
