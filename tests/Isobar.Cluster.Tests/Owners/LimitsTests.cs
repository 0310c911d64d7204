using Isobar.Cluster.Tests.Cluster;
using Isobar.Cluster.Tests.Hosts;
using Isobar.Protocol.Jobs;

namespace Isobar.Cluster.Tests.Owners;

/// <summary>Where a job may run, as its user wished by options, environment or file: at its start, later, and told by why.</summary>
[Collection(SharedCluster.Name)]
public sealed class LimitsTests(IsobarCluster cluster) : IAsyncLifetime
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await cluster.KnowEachOtherAsync();
        // What a test before this one said of a machine takes a moment to be heard of no more.
        string[] closed = ["owner", "drained", "blocked", "reserved"];
        await Waiting.ForAsync(
            async () => await cluster.LoadsAsync() is var known && !closed.Any(word => known.Contains(word, StringComparison.Ordinal)), () => "all machines to be open", Cancellation);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task A_job_starts_only_where_its_expression_allows_and_is_not_driven_elsewhere()
    {
        var name = cluster.NewName("limited");
        await cluster.IsobarAsync(IsobarCluster.Home, "run", "--detach", "--nodes", "b*,g*,!gamma", "--name", name, "sleep", "1000");
        await cluster.RunsAsync(name);
        Assert.Equal("beta", (await cluster.StatusAsync(name)).Node);
        Assert.Contains("nodes b*,g*,!gamma (--nodes)", await cluster.IsobarAsync(IsobarCluster.Home, "why", name), StringComparison.Ordinal);
        // Nothing but beta is allowed, and beta is drained: it stays.
        await cluster.RunAsync(IsobarCluster.Home, "isobar", "node", "drain", "beta", "--wait", "0");
        await Task.Delay(TimeSpan.FromSeconds(3), Cancellation);
        Assert.Equal(("beta", JobState.Running, 0), await PlaceAsync(name));
        await cluster.IsobarAsync(IsobarCluster.Home, "node", "undrain", "beta");
        await cluster.IsobarAsync(IsobarCluster.Home, "kill", name);
        await Waiting.ForAsync(async () => !(await cluster.LoadsAsync()).Contains("drained", StringComparison.Ordinal), () => "alpha to hear that beta is open", Cancellation);
    }

    [Fact]
    public async Task Contradictions_and_wishes_that_nothing_fulfils_are_told_at_once()
    {
        var named = await cluster.RunAsync(IsobarCluster.Home, "isobar", "run", "--on", "gamma", "--nodes", "beta", "true");
        Assert.Equal(125, named.ExitCode);
        Assert.Contains("its user allows only beta", named.Error, StringComparison.Ordinal);
        var wrong = await cluster.RunAsync(IsobarCluster.Home, "isobar", "run", "--nodes", "a;b", "true");
        Assert.Contains("--nodes: ", wrong.Error, StringComparison.Ordinal);
        var huge = await cluster.RunAsync(IsobarCluster.Home, "isobar", "run", "--min-memory", "900T", "true");
        Assert.Equal(125, huge.ExitCode);
        Assert.Contains("has not the memory", huge.Error, StringComparison.Ordinal);
        Assert.Equal(0, (await cluster.RunAsync(IsobarCluster.Home, "isobar", "run", "--min-memory", "1M", "true")).ExitCode);
    }

    [Fact]
    public async Task A_wish_comes_from_the_environment_or_from_a_file_beside_the_program()
    {
        var folder = cluster.NewFolder();
        var program = $"{folder}/waiter";
        await cluster.ShAsync(IsobarCluster.Home, $"printf '#!/bin/sh\\nexec sleep 1000\\n' > {program}; chmod 755 {program}; printf 'nodes = gamma\\npriority = low\\n' > {program}.isobar");
        var (file, environment) = (cluster.NewName("by-file"), cluster.NewName("by-environment"));
        await cluster.IsobarAsync(IsobarCluster.Home, "run", "--detach", "--name", file, program);
        var run = await cluster.RunAsync(IsobarCluster.Home, "env", "ISOBAR_NODES=beta", "isobar", "run", "--detach", "--name", environment, program);
        Assert.True(run.ExitCode == 0, run.Error);
        await cluster.RunsAsync(file);
        await cluster.RunsAsync(environment);
        var (first, second) = (await cluster.StatusAsync(file), await cluster.StatusAsync(environment));
        Assert.Equal(("gamma", JobPriority.Low), (first.Node, first.Priority));
        Assert.Equal(("beta", JobPriority.Low), (second.Node, second.Priority));
        Assert.Contains("(ISOBAR_NODES)", await cluster.IsobarAsync(IsobarCluster.Home, "why", environment), StringComparison.Ordinal);
        await cluster.IsobarAsync(IsobarCluster.Home, "kill", file);
        await cluster.IsobarAsync(IsobarCluster.Home, "kill", environment);
    }

    private async Task<(string Node, JobState State, int Moves)> PlaceAsync(string name)
    {
        var job = await cluster.StatusAsync(name);
        return (job.Node, job.State, job.Moves);
    }
}
