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
        // They go again, and then their server is killed.
        await PushedAgainAsync(job.Name, first);
        await DoAsync(Server, "pkill", "-KILL", "-x", "isobard");
        await job.IsRightAsync();
        await Waiting.ForAsync(async () => (await ElsewhereAsync(job.Name))?.FromDisk > 0, () => "pages to have come from the disk", Cancellation);

        // Nothing goes anywhere while there is no server.
        var before = (await ElsewhereAsync(job.Name))!.Out;
        await cluster.Daemons.StartAsync(Server, Cancellation);
        await cluster.KnowEachOtherAsync();
        await Waiting.ForAsync(async () => (await ElsewhereAsync(job.Name)) is { } now && now.Out > before, () => "pages to go to the server that came back", Cancellation);
        // A target needs room beside the job.
        await cluster.IsobarAsync(IsobarCluster.Home, "migrate", job.Name, "beta");
        Assert.Equal("beta", (await cluster.StatusAsync(job.Name)).Node);
        await job.IsRightAsync();
    }

    [Fact]
    public async Task A_move_is_refused_while_there_is_no_room_for_the_pages_that_must_come_back_first()
    {
        await using var job = await StartAsync();
        await PushedAsync(job.Name);
        try
        {
            // In two steps: what comes all at once would have somebody killed before the rule has looked.
            await FillAsync(180);
            await ReportedAsync(job.Name, now => now.Places.GetValueOrDefault(Server) > 150 << 20);
            await FillAsync(140);
            var refused = await cluster.RunAsync(IsobarCluster.Home, "isobar", "migrate", job.Name, "beta");
            Assert.NotEqual(0, refused.ExitCode);
            Assert.Matches("[0-9]+ MiB of the job are in other machines' memory and must come back before it moves, but only [0-9]+ MiB are free here", refused.Error);
            var status = await cluster.StatusAsync(job.Name);
            Assert.Equal((IsobarCluster.Home, JobState.Running, 0), (status.Node, status.State, status.Moves));
        }
        finally
        {
            await cluster.ShAsync(IsobarCluster.Home, "rm -f /dev/shm/filling*");
        }

        await job.IsRightAsync();
    }

    [Fact]
    public async Task A_job_whose_supervisor_is_killed_ends_with_it_and_never_sees_empty_pages()
    {
        await using var job = await StartAsync();
        var first = await PushedAsync(job.Name);
        // The supervisor is the parent of the job's init.
        var main = await OneAsync("pgrep", "-xf", job.Command);
        var supervisor = await OneAsync("ps", "-o", "ppid=", "-p", await OneAsync("ps", "-o", "ppid=", "-p", main));
        // Without its guard the job goes on, with another.
        var guard = await OneAsync("pgrep", "-x", "isobar-guard", "-P", supervisor);
        await DoAsync(IsobarCluster.Home, "kill", "-KILL", guard);
        var next = guard;
        await Waiting.ForAsync(
            async () =>
            {
                next = (await cluster.RunAsync(IsobarCluster.Home, "pgrep", "-x", "isobar-guard", "-P", supervisor)).Output.Trim();
                return next.Length > 0 && !next.Contains(guard, StringComparison.Ordinal);
            },
            () => "another guard",
            Cancellation);
        await job.IsRightAsync();
        await PushedAgainAsync(job.Name, first);
        var wrong = $"wrong.{job.Name}";
        await job.AskAsync($"watch {wrong}");
        // The daemon would end it, too: it must not be what does.
        await DoAsync(IsobarCluster.Home, "pkill", "-STOP", "-x", "isobard");
        try
        {
            await DoAsync(IsobarCluster.Home, "kill", "-KILL", supervisor);
            await Waiting.ForAsync(() => IsGoneAsync(main), () => "the job to end with its supervisor", Cancellation);
            await Waiting.ForAsync(() => IsGoneAsync(next), () => "the guard to end after it", Cancellation);
        }
        finally
        {
            await DoAsync(IsobarCluster.Home, "pkill", "-CONT", "-x", "isobard");
        }

        await DoAsync(IsobarCluster.Home, "test", "!", "-e", wrong);
    }

    // Takes memory of the job's machine away.
    private Task<string> FillAsync(int megabytes) => DoAsync(IsobarCluster.Home, "sh", "-c", string.Create(CultureInfo.InvariantCulture, $"head -c {megabytes}M /dev/zero > /dev/shm/filling{megabytes}"));

    // A command that must succeed.
    private async Task<string> DoAsync(string host, params string[] command)
    {
        var result = await cluster.RunAsync(host, command);
        Assert.True(result.ExitCode == 0, $"{string.Join(' ', command)} on {host} ended with {result.ExitCode}: {result.Output}{result.Error}");
        return result.Output;
    }

    // One number, and not the numbers of several.
    private async Task<string> OneAsync(params string[] command)
    {
        var said = (await DoAsync(IsobarCluster.Home, command)).Trim();
        Assert.True(int.TryParse(said, CultureInfo.InvariantCulture, out _), $"{string.Join(' ', command)} said {said}");
        return said;
    }

    private async Task<bool> IsGoneAsync(string pid) => (await cluster.RunAsync(IsobarCluster.Home, "test", "-e", $"/proc/{pid}")).ExitCode == 1;

    private async Task<PagesJob> StartAsync()
    {
        var name = cluster.NewName("pages");
        var job = new PagesJob(name, cluster.Start(IsobarCluster.Home, ["isobar", "run", "--home", "--name", name, "./pages", name]));
        await job.AskAsync(string.Create(CultureInfo.InvariantCulture, $"fill {Megabytes}"));
        return job;
    }

    private async Task<PagesElsewhere?> ElsewhereAsync(string name) => (await cluster.StatusAsync(name)).Elsewhere;

    private Task<PagesElsewhere> PushedAsync(string name) => ReportedAsync(name, now => now.Places.GetValueOrDefault(Server) > 20 << 20);

    // They have come back meanwhile. What is reported is up to four seconds old, so one is waited for that is newer than their return.
    private async Task PushedAgainAsync(string name, PagesElsewhere first)
    {
        await Task.Delay(TimeSpan.FromSeconds(6), Cancellation);
        await ReportedAsync(name, now => now.Back >= first.Back + 1000 && now.Places.GetValueOrDefault(Server) > 20 << 20);
    }

    private async Task<PagesElsewhere> ReportedAsync(string name, Func<PagesElsewhere, bool> isIt)
    {
        PagesElsewhere? elsewhere = null;
        var why = "";
        await Waiting.ForAsync(
            async () =>
            {
                elsewhere = await ElsewhereAsync(name);
                why = await cluster.IsobarAsync(IsobarCluster.Home, "why", name);
                return elsewhere is { } now && isIt(now);
            },
            () => $"pages of {name} to go or to come back ({elsewhere}): {why}",
            Cancellation);
        return elsewhere!;
    }

    private sealed class PagesJob(string name, HostProcess process) : IAsyncDisposable
    {
        private int _asked;

        public string Name => name;

        public string Command => $"./pages {name}";

        public async Task AskAsync(string command)
        {
            await process.Input.WriteAsync(System.Text.Encoding.ASCII.GetBytes(command + "\n"), Cancellation);
            await process.Input.FlushAsync(Cancellation);
            _asked++;
            await Waiting.ForAsync(() => process.OutputSoFar.Split('\n').Length > _asked || process.HasEnded, () => $"an answer to {command}: {process.ErrorSoFar}", Cancellation);
            Assert.Equal("ok", process.OutputSoFar.Split('\n')[_asked - 1]);
        }

        public Task IsRightAsync() => AskAsync("check");

        public async ValueTask DisposeAsync()
        {
            // Without commands the program ends; the next test begins without it.
            await process.EndAsync(CancellationToken.None).WaitAsync(Waiting.Patience);
            await process.DisposeAsync();
        }
    }
}
