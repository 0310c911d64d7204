using Isobar.Node.Policies;
using Isobar.Protocol.Jobs;

namespace Isobar.Node.Tests.Policies;

public sealed class MoveCostsTests : IDisposable
{
    private readonly string _file = Path.Combine(Directory.CreateTempSubdirectory("isobar-test-").FullName, "costs.json");

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_file)!, recursive: true);

    [Fact]
    public void The_fixed_part_and_the_rate_are_learnt_from_what_moves_took()
    {
        var costs = new MoveCosts(_file);
        // What this cluster really does: 0.8 s for nothing, and 100 MB a second.
        for (var i = 0; i < 40; i++)
        {
            costs.Learn(Move(1 << 20, 0.8 + 0.01));
            costs.Learn(Move(400_000_000, 0.8 + 4));
        }

        Assert.InRange(costs.Model.Seconds(0), 0.75, 0.85);
        Assert.InRange(costs.Model.Seconds(1_000_000_000), 10, 11.6);

        // And it is not forgotten.
        Assert.Equal(costs.Model, new MoveCosts(_file).Model);
        Assert.Equal(80, new MoveCosts(_file).Moves);
    }

    [Fact]
    public void A_move_that_failed_teaches_nothing()
    {
        var costs = new MoveCosts(_file);
        var before = costs.Model;
        costs.Learn(Move(1, 99) with { Committed = false });
        Assert.Equal(before, costs.Model);
    }

    private static MoveRecord Move(long bytes, double frozen) =>
        new() { When = DateTimeOffset.UnixEpoch, From = "alpha", To = "beta", Committed = true, Bytes = bytes, FreezeSeconds = frozen, Why = "test" };
}
