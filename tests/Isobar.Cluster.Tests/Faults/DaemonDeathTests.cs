using Isobar.Cluster.Tests.Cluster;
using Isobar.Cluster.Tests.Hosts;
using Isobar.Protocol.Jobs;

namespace Isobar.Cluster.Tests.Faults;

/// <summary>Daemons that are killed and stores that stand still: no job notices.</summary>
public sealed class DaemonDeathTests(IsobarCluster cluster) : IClassFixture<IsobarCluster>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("alpha")]
    [InlineData("beta")]
    public async Task A_job_elsewhere_outlives_the_daemon_of_its_home_and_of_its_node(string host)
    {
        await using var job = await CountingJob.StartAsync(cluster);
        await cluster.MoveAsync(job.Name, "beta");
        await job.GoesOnAsync();

        await cluster.KillDaemonAsync(host);
        await job.GoesOnAsync();
        await cluster.Daemons.StartAsync(host, Cancellation);
        await job.GoesOnAsync();

        await Waiting.ForAsync(
            async () => await cluster.FindAsync(job.Name) is { State: JobState.Running, Node: "beta" },
            () => $"the new daemon of {host} to know {job.Name}",
            Cancellation);
        await MoveHomeAsync(job.Name);
        await job.GoesOnAsync();
        await job.EndsRightAsync();
    }

    [Theory]
    [InlineData("alpha")]
    [InlineData("beta")]
    [InlineData("gamma")]
    public async Task A_move_under_way_outlives_the_daemon_of_its_home_source_and_target(string host)
    {
        await using var job = await CountingJob.StartAsync(cluster);
        await cluster.MoveAsync(job.Name, "beta");
        var move = await FrozenMove.StartAsync(cluster, job.Name, "gamma");
        await cluster.KillDaemonAsync(host);
        await cluster.Daemons.StartAsync(host, Cancellation);
        await move.ContinueAsync();

        // Only the command is cut off with the daemon that it asked.
        var end = await move.EndAsync();
        Assert.True(end.ExitCode == 0 || host == IsobarCluster.Home, end.Error);
        await Waiting.ForAsync(
            async () => await cluster.FindAsync(job.Name) is { State: JobState.Running, Node: "gamma" },
            () => $"{job.Name} to run on gamma",
            Cancellation);
        await job.GoesOnAsync();
        await MoveHomeAsync(job.Name);
        await job.GoesOnAsync();
        await job.EndsRightAsync();
    }

    [Fact]
    public async Task A_job_that_may_run_only_elsewhere_waits_until_a_new_daemon_has_heard_of_that_machine()
    {
        await cluster.KillDaemonAsync(IsobarCluster.Home);
        await cluster.Daemons.StartAsync(IsobarCluster.Home, Cancellation);
        var name = cluster.NewName("early");
        await cluster.IsobarAsync(IsobarCluster.Home, "run", "--name", name, "--nodes", "beta", "true");
        Assert.Equal("beta", (await cluster.StatusAsync(name)).Node);
    }

    [Fact]
    public async Task Without_any_store_jobs_are_run_moved_and_brought_home()
    {
        await StoresAreEverywhereAsync();
        await SignalStoresAsync("STOP");
        try
        {
            await using var job = await CountingJob.StartAsync(cluster);
            foreach (var target in (string[])["beta", "gamma", "home"])
            {
                await cluster.MoveAsync(job.Name, target);
                await job.GoesOnAsync();
            }

            await job.EndsRightAsync();
        }
        finally
        {
            await SignalStoresAsync("CONT");
        }
    }

    private Task SignalStoresAsync(string signal) => OnEveryHostAsync($"kill -{signal} $(pgrep -x etcd)");

    /// <summary>The store spreads to the third host some seconds after it has joined, and cannot once the others stand still.</summary>
    private Task StoresAreEverywhereAsync() => OnEveryHostAsync("for i in $(seq 300); do pgrep -x etcd && exit 0; sleep 0.1; done; exit 1");

    private async Task OnEveryHostAsync(string command)
    {
        foreach (var host in cluster.Sandbox.Hosts)
        {
            var result = await cluster.ShAsync(host.Name, command);
            Assert.True(result.ExitCode == 0, $"{host.Name}: {result.Error}{result.Output}");
        }
    }

    /// <summary>The daemons may need a moment to find each other again; then the move must succeed.</summary>
    private async Task MoveHomeAsync(string name)
    {
        var error = "";
        await Waiting.ForAsync(
            async () =>
            {
                var result = await cluster.RunAsync(IsobarCluster.Home, "isobar", "migrate", name, "home");
                error = result.Error;
                return result.ExitCode == 0;
            },
            () => $"{name} to be moved home: {error}",
            Cancellation);
        Assert.Equal(IsobarCluster.Home, (await cluster.StatusAsync(name)).Node);
    }
}
