using Isobar.Cluster.Tests.Cluster;
using Isobar.Cluster.Tests.Hosts;

namespace Isobar.Cluster.Tests.Faults;

/// <summary>A home that crashes in the middle of a move leaves nothing in its users' folders.</summary>
public sealed class BrokenOffMoveTests(IsobarCluster cluster) : IClassFixture<IsobarCluster>
{
    private const string DaemonToo = "so is the daemon, and all that is kept until the next boot";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("the supervisor and CRIU are killed")]
    [InlineData(DaemonToo)]
    public async Task Temporary_names_of_a_move_that_was_broken_off_are_taken_away(string fault)
    {
        var folder = cluster.NewFolder();
        var name = cluster.NewName("broken");
        var job = cluster.Start(IsobarCluster.Home, ["isobar", "run", "--home", "--stay", "--name", name, "sh", "-c", "exec 3> data && ln data kept && rm data && echo up && exec sleep 1002"], folder);
        await using var _ = job;
        await job.SaysAsync("up", Cancellation);
        var other = $"{folder}/link_remap.mine";
        Assert.Equal(0, (await cluster.ShAsync(IsobarCluster.Home, $"echo mine > {other}")).ExitCode);

        var move = await FrozenMove.StartAsync(cluster, name, "beta");
        Assert.Matches("^kept\nlink_remap[.][0-9]+\nlink_remap[.]mine\n$", await NamesAsync(folder));
        var isDaemonToo = fault == DaemonToo;
        // First, or it would see the supervisor go.
        if (isDaemonToo)
            await cluster.KillDaemonAsync(IsobarCluster.Home);
        var killed = await cluster.ShAsync(IsobarCluster.Home, "kill -KILL $(pgrep -f '[c]riu dump') $(pgrep -f '^isobar-supervisor supervise')");
        Assert.True(killed.ExitCode == 0, killed.Error);
        if (isDaemonToo)
        {
            // A machine that went down has nothing under /run any more: the new daemon knows the job from its record only.
            var gone = await cluster.ShAsync(IsobarCluster.Home, "pkill -KILL -f '^sleep 1002'; mv /run/isobar/jobs /run/isobar/jobs-before");
            Assert.True(gone.ExitCode == 0, gone.Error);
            await cluster.Daemons.StartAsync(IsobarCluster.Home, Cancellation);
        }

        await move.ContinueAsync();
        await move.EndAsync();

        await Waiting.ForAsync(async () => await NamesAsync(folder) == "kept\nlink_remap.mine\n", () => "the temporary name to be taken away", Cancellation);
    }

    private async Task<string> NamesAsync(string folder) => (await cluster.ShAsync(IsobarCluster.Home, $"LC_ALL=C ls {folder}")).Output;
}
