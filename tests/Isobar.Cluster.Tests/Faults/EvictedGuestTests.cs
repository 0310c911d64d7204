using Isobar.Cluster.Tests.Cluster;
using Isobar.Cluster.Tests.Hosts;

namespace Isobar.Cluster.Tests.Faults;

/// <summary>A machine that never comes back is taken out of the cluster: its jobs are over then, and should it come back after all, it runs none of them any more.</summary>
public sealed class EvictedGuestTests(IsobarCluster cluster) : IClassFixture<IsobarCluster>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_job_on_a_machine_that_is_taken_out_while_it_is_away_is_over()
    {
        var name = cluster.NewName("scrapped");
        await using var job = cluster.Start(IsobarCluster.Home, ["isobar", "run", "--on", "gamma", "--name", name, "sh", "-c", "echo runs; exec sleep 1001"]);
        await job.SaysAsync("runs", Cancellation);
        await cluster.Sandbox.SetLinkAsync("gamma", up: false, Cancellation);
        try
        {
            await Waiting.ForAsync(
                async () => (await cluster.IsobarAsync(IsobarCluster.Home, "ps", "--all")).Contains("unreachable", StringComparison.Ordinal), () => $"{name} to be unreachable", Cancellation);
            Assert.False(job.HasEnded);
            await cluster.IsobarAsync(IsobarCluster.Home, "cluster", "evict", "gamma");
            var end = await job.EndAsync(Cancellation).WaitAsync(TimeSpan.FromSeconds(60), Cancellation);
            Assert.Equal(125, end.ExitCode);
            Assert.Contains("the job is lost: gamma was taken out of the cluster", end.Error, StringComparison.Ordinal);
        }
        finally
        {
            await cluster.Sandbox.SetLinkAsync("gamma", up: true, Cancellation);
        }

        await Waiting.ForAsync(async () => (await cluster.ShAsync("gamma", "pgrep -f '^sleep 1001'")).ExitCode == 1, () => "gamma to end what it still ran of the job", Cancellation);
    }
}
