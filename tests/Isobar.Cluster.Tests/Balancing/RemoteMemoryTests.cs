using System.Globalization;
using Isobar.Cluster.Tests.Cluster;
using Isobar.Cluster.Tests.Hosts;
using Isobar.Protocol.Jobs;

namespace Isobar.Cluster.Tests.Balancing;

/// <summary>The profile rms on real machines of little memory: pages of a running job go to a memory server (gamma, the only machine of the pool) and are what they were when they come back.</summary>
public sealed class RemoteMemoryTests(SmallMemoryCluster cluster) : IClassFixture<SmallMemoryCluster>, IAsyncLifetime
{
    private const int Megabytes = 200;
    private const string Server = "gamma";

    // The job leaves less than six tenths of its machine free; what it has above that goes.
    private const string Profile = """
        { "name": "server", "load": { "policy": "mean" }, "dissemination": { "policy": "gossip" },
          "consideration": { "periodSeconds": 1, "rules": [ { "policy": "memory-server", "freeShare": 0.6 } ] }, "move": "none" }
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        foreach (var host in (string[])["alpha", "beta"])
            await cluster.IsobarAsync(IsobarCluster.Home, "owner", "set", "--hours", "sun 3:00-3:01", "--node", host);
        await cluster.KnowEachOtherAsync();
        await cluster.IsobarAsync(IsobarCluster.Home, "config", "set", "profile", Profile);
    }

    public async ValueTask DisposeAsync() => await cluster.IsobarAsync(IsobarCluster.Home, "config", "unset", "profile");

    [Fact]
    public async Task Pages_go_to_the_server_and_come_back_also_when_the_server_is_killed_and_before_a_move()
    {
        await using var job = await StartAsync();
        var first = await PushedAsync(job.Name);
        Assert.Equal([Server], first.Places.Keys);
        Assert.Contains($"of it are in {Server}'s memory", await cluster.IsobarAsync(IsobarCluster.Home, "why", job.Name), StringComparison.Ordinal);
        await job.IsRightAsync();
        await Waiting.ForAsync(async () => (await ElsewhereAsync(job.Name))?.Back > 0, () => "pages to have come back", Cancellation);

        // They go again, and then their server is killed.
        await PushedAsync(job.Name);
        await cluster.RunAsync(Server, "pkill", "-KILL", "-x", "isobard");
        await job.IsRightAsync();
        await Waiting.ForAsync(async () => (await ElsewhereAsync(job.Name))?.FromDisk > 0, () => "pages to have come from the disk", Cancellation);

        await cluster.Daemons.StartAsync(Server, Cancellation);
        await cluster.KnowEachOtherAsync();
        var before = (await ElsewhereAsync(job.Name))!.Out;
        await Waiting.ForAsync(async () => (await ElsewhereAsync(job.Name)) is { } now && now.Out > before, () => "pages to go to the server that came back", Cancellation);
        // A target needs room beside the job.
        await cluster.IsobarAsync(IsobarCluster.Home, "migrate", job.Name, "beta");
        Assert.Equal("beta", (await cluster.StatusAsync(job.Name)).Node);
        await job.IsRightAsync();
    }

    [Fact]
    public async Task A_job_whose_supervisor_is_killed_ends_with_it_and_never_sees_empty_pages()
    {
        await using var job = await StartAsync();
        await PushedAsync(job.Name);
        // Without its guard the job goes on, with another.
        var guard = (await cluster.RunAsync(IsobarCluster.Home, "pgrep", "-x", "isobar-guard")).Output;
        await cluster.RunAsync(IsobarCluster.Home, "kill", "-KILL", guard.Trim());
        await Waiting.ForAsync(async () => (await cluster.RunAsync(IsobarCluster.Home, "pgrep", "-x", "isobar-guard")).Output is var now && now.Length > 0 && now != guard, () => "another guard", Cancellation);
        await job.IsRightAsync();
        await PushedAsync(job.Name);
        // The daemon would end it, too: it must not be what does.
        await cluster.RunAsync(IsobarCluster.Home, "pkill", "-STOP", "-x", "isobard");
        try
        {
            // The supervisor is the parent of the job's init.
            var id = await cluster.ShAsync(IsobarCluster.Home, "ps -o ppid= -p $(ps -o ppid= -p $(pgrep -x pages))");
            await cluster.RunAsync(IsobarCluster.Home, "kill", "-KILL", id.Output.Trim());
            await Waiting.ForAsync(async () => (await cluster.RunAsync(IsobarCluster.Home, "pgrep", "-x", "pages")).ExitCode != 0, () => "the job to end with its supervisor", Cancellation);
            await Waiting.ForAsync(async () => (await cluster.RunAsync(IsobarCluster.Home, "pgrep", "-x", "isobar-guard")).ExitCode != 0, () => "the guard to end after it", Cancellation);
        }
        finally
        {
            await cluster.RunAsync(IsobarCluster.Home, "pkill", "-CONT", "-x", "isobard");
        }
    }

    private async Task<PagesJob> StartAsync()
    {
        var name = cluster.NewName("pages");
        var job = new PagesJob(name, cluster.Start(IsobarCluster.Home, ["isobar", "run", "--home", "--name", name, "./pages"]));
        await job.AskAsync(string.Create(CultureInfo.InvariantCulture, $"fill {Megabytes}"));
        return job;
    }

    private async Task<PagesElsewhere?> ElsewhereAsync(string name) => (await cluster.StatusAsync(name)).Elsewhere;

    private async Task<PagesElsewhere> PushedAsync(string name)
    {
        PagesElsewhere? elsewhere = null;
        var why = "";
        await Waiting.ForAsync(
            async () =>
            {
                elsewhere = await ElsewhereAsync(name);
                why = await cluster.IsobarAsync(IsobarCluster.Home, "why", name);
                return elsewhere?.Places.GetValueOrDefault(Server) > 20 << 20;
            },
            () => $"pages of {name} to be on {Server}: {why}",
            Cancellation);
        return elsewhere!;
    }

    private sealed class PagesJob(string name, HostProcess process) : IAsyncDisposable
    {
        private int _asked;

        public string Name => name;

        public async Task AskAsync(string command)
        {
            await process.Input.WriteAsync(System.Text.Encoding.ASCII.GetBytes(command + "\n"), Cancellation);
            await process.Input.FlushAsync(Cancellation);
            _asked++;
            await Waiting.ForAsync(() => process.OutputSoFar.Split('\n').Length > _asked || process.HasEnded, () => $"an answer to {command}: {process.ErrorSoFar}", Cancellation);
            Assert.Equal("ok", process.OutputSoFar.Split('\n')[_asked - 1]);
        }

        public Task IsRightAsync() => AskAsync("check");

        public ValueTask DisposeAsync() => process.DisposeAsync();
    }
}
