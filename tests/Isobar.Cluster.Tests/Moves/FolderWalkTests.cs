using Isobar.Cluster.Tests.Cluster;

namespace Isobar.Cluster.Tests.Moves;

/// <summary>A program that compares device numbers on its way through folders must not see them change.</summary>
[Collection(SharedCluster.Name)]
public sealed class FolderWalkTests(IsobarCluster cluster)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_job_is_not_moved_while_it_walks_and_is_while_it_stands()
    {
        var name = cluster.NewName("walk");
        var folder = cluster.NewFolder();
        await using var job = cluster.Start(IsobarCluster.Home, ["isobar", "run", "--home", "--name", name, "python3", "walk.py", $"{folder}/first", $"{folder}/second"]);
        await job.SaysAsync("walks", Cancellation);
        for (var i = 0; i < 3; i++)
        {
            var refused = await cluster.RunAsync(IsobarCluster.Home, "isobar", "migrate", name, "beta");
            Assert.Contains("walking through a tree of folders", refused.Error, StringComparison.Ordinal);
            Assert.Equal(125, refused.ExitCode);
        }

        Assert.Equal(IsobarCluster.Home, (await cluster.StatusAsync(name)).Node);
        await File.WriteAllTextAsync(cluster.Seen(IsobarCluster.Home, $"{folder}/first"), "", Cancellation);
        await job.SaysAsync("stands", Cancellation);
        await cluster.MoveAroundAsync(name);
        await File.WriteAllTextAsync(cluster.Seen(IsobarCluster.Home, $"{folder}/second"), "", Cancellation);
        var end = await job.EndAsync(Cancellation);
        Assert.True((end.Output, end.ExitCode) == ("walks\nstands\n0 lost, True\n", 0), $"{end.ExitCode}: {end.Output}{end.Error}");
    }
}
