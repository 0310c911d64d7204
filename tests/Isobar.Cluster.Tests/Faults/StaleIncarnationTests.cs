using System.Globalization;
using Isobar.Cluster.Tests.Cluster;
using Isobar.Cluster.Tests.Hosts;
using Isobar.Protocol.Naming;

namespace Isobar.Cluster.Tests.Faults;

/// <summary>A node where the job once was asks its home for files and for the job's streams, with a good certificate and the number it had.</summary>
[Collection(SharedCluster.Name)]
public sealed class StaleIncarnationTests(IsobarCluster cluster)
{
    [Fact]
    public async Task A_node_that_the_job_has_left_gets_neither_files_nor_streams()
    {
        await using var job = await CountingJob.StartAsync(cluster);
        await cluster.MoveAsync(job.Name, "beta");
        var left = await cluster.StatusAsync(job.Name);
        // The test can tell a guest that is served from one that is refused.
        Assert.Equal("{\"accepted\":true}", await CallAsync("beta", left.Id, "files", left.Incarnation));

        await cluster.MoveAsync(job.Name, "gamma");
        var now = await cluster.StatusAsync(job.Name);
        Assert.True(now.Incarnation > left.Incarnation);
        Assert.Contains("superseded", await CallAsync("beta", left.Id, "files", left.Incarnation), StringComparison.Ordinal);
        // The one that it has left may call until it has heard that it is over.
        await Waiting.ForAsync(
            async () => (await CallAsync("beta", left.Id, "control", left.Incarnation)).Contains("superseded", StringComparison.Ordinal),
            () => "beta to be refused the streams of the job that it had",
            TestContext.Current.CancellationToken);
        // Nor by the number of the one that has the job now, or of one to come.
        Assert.Contains("nobody asked", await CallAsync("beta", left.Id, "files", now.Incarnation), StringComparison.Ordinal);
        Assert.Contains("nobody asked", await CallAsync("beta", left.Id, "control", now.Incarnation + 1), StringComparison.Ordinal);
        // Nor in the name of the node that has it.
        Assert.Contains("the certificate is beta", await CallAsync("beta", left.Id, "files", now.Incarnation, "gamma"), StringComparison.Ordinal);
        await job.GoesOnAsync();
        await job.EndsRightAsync();
    }

    private async Task<string> CallAsync(string host, string job, string role, int incarnation, string? node = null)
    {
        var home = string.Create(CultureInfo.InvariantCulture, $"{cluster.Sandbox.Host(IsobarCluster.Home).Address}:{NodeAddress.DefaultPort}");
        var call = await cluster.RunAsync(host, "python3", $"{Repository.Programs}/call.py", home, job, role, incarnation.ToString(CultureInfo.InvariantCulture), node ?? host);
        Assert.True(call.ExitCode == 0, call.Error);
        return call.Output.Trim();
    }
}
