using Isobar.Cluster.Tests.Cluster;
using Isobar.Cluster.Tests.Hosts;
using Isobar.Protocol.Jobs;

namespace Isobar.Cluster.Tests.Owners;

/// <summary>What an administrator does with a machine: closed to guests, emptied of them, kept for somebody, shut down.</summary>
[Collection(SharedCluster.Name)]
public sealed class AdministrationTests(IsobarCluster cluster) : IAsyncLifetime
{
    private readonly List<string> _jobs = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await cluster.KnowEachOtherAsync();
        await Waiting.ForAsync(async () => (await cluster.RunAsync(IsobarCluster.Home, "isobar", "run", "--on", "beta", "true")).ExitCode == 0, () => "beta to be open", Cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var job in _jobs)
            await cluster.RunAsync(IsobarCluster.Home, "isobar", "kill", "-s", "KILL", job);
        await cluster.IsobarAsync(IsobarCluster.Home, "node", "undrain", "beta");
        await cluster.IsobarAsync(IsobarCluster.Home, "node", "unblock", "beta");
        await cluster.IsobarAsync(IsobarCluster.Home, "node", "unreserve", "beta");
    }

    [Fact]
    public async Task A_blocked_machine_keeps_its_guests_and_takes_no_more_and_can_expel_them()
    {
        var guest = await StartAsync("--on", "beta");
        Assert.Contains("takes no guests", await cluster.IsobarAsync(IsobarCluster.Home, "node", "block", "beta"), StringComparison.Ordinal);
        var refused = await cluster.RunAsync(IsobarCluster.Home, "isobar", "run", "--on", "beta", "true");
        Assert.Equal(125, refused.ExitCode);
        Assert.Contains("beta is blocked: `isobar node unblock beta` opens it", refused.Error, StringComparison.Ordinal);
        Assert.Equal(("beta", JobState.Running), await PlaceAsync(guest));
        // Its own users are no guests.
        Assert.Equal("here\n", await cluster.IsobarAsync("beta", "run", "--on", "beta", "echo", "here"));
        await Waiting.ForAsync(async () => (await cluster.LoadsAsync()).Contains("blocked", StringComparison.Ordinal), () => "alpha to hear that beta is blocked", Cancellation);

        Assert.Contains("beta is empty", await cluster.IsobarAsync(IsobarCluster.Home, "node", "expel", "beta"), StringComparison.Ordinal);
        var (node, state) = await PlaceAsync(guest);
        Assert.NotEqual("beta", node);
        Assert.Equal(JobState.Running, state);
        await cluster.IsobarAsync("beta", "node", "unblock");
        Assert.Equal(0, (await cluster.RunAsync(IsobarCluster.Home, "isobar", "run", "--on", "beta", "true")).ExitCode);
    }

    [Fact]
    public async Task All_jobs_of_a_home_can_be_brought_back()
    {
        var first = await StartAsync("--on", "beta");
        var second = await StartAsync("--on", "gamma");
        var said = await cluster.IsobarAsync(IsobarCluster.Home, "node", "bring");
        Assert.Contains("came back from beta", said, StringComparison.Ordinal);
        Assert.Contains("came back from gamma", said, StringComparison.Ordinal);
        Assert.Equal(("alpha", JobState.Running), await PlaceAsync(first));
        Assert.Equal(("alpha", JobState.Running), await PlaceAsync(second));
        Assert.Contains("no job is elsewhere", await cluster.IsobarAsync("gamma", "node", "bring"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reserved_machine_is_left_by_others_and_taken_by_those_it_is_kept_for()
    {
        var guest = await StartAsync("--on", "beta");
        await cluster.IsobarAsync("gamma", "node", "reserve", "beta", "--home", "gamma", "--for", "10min");
        await Waiting.ForAsync(async () => (await PlaceAsync(guest)).Node != "beta", () => "the guest of alpha to leave", Cancellation);
        Assert.StartsWith("limits:", (await cluster.MovesAsync(guest))[^1].Why, StringComparison.Ordinal);
        var refused = await cluster.RunAsync(IsobarCluster.Home, "isobar", "run", "--on", "beta", "true");
        Assert.Equal(125, refused.ExitCode);
        Assert.Contains("reserved for jobs of gamma", refused.Error, StringComparison.Ordinal);
        Assert.Equal(0, (await cluster.RunAsync("gamma", "isobar", "run", "--on", "beta", "true")).ExitCode);
        await cluster.IsobarAsync(IsobarCluster.Home, "node", "unreserve", "beta");
        await Waiting.ForAsync(async () => (await cluster.RunAsync(IsobarCluster.Home, "isobar", "run", "--on", "beta", "true")).ExitCode == 0, () => "beta to be open again", Cancellation);
    }

    /// <summary>The very command that the system runs when the machine goes down; a restart of the daemon alone runs nothing of it.</summary>
    [Fact]
    public async Task Guests_leave_before_a_shutdown_and_jobs_of_the_machine_itself_stay()
    {
        var unit = await File.ReadAllLinesAsync(Path.Combine(Repository.Root, "eng", "isobar-drain.service"), Cancellation);
        Assert.DoesNotContain(await File.ReadAllLinesAsync(Path.Combine(Repository.Root, "eng", "isobard.service"), Cancellation), line => line.StartsWith("ExecStop", StringComparison.Ordinal));
        var guest = await StartAsync("--on", "beta");
        var own = await cluster.IsobarAsync("beta", "run", "--detach", "--home", "sleep", "1000");
        Assert.Contains("beta is empty", await cluster.IsobarAsync("beta", Of(unit, "ExecStop")), StringComparison.Ordinal);
        Assert.NotEqual("beta", (await PlaceAsync(guest)).Node);
        Assert.Contains("being shut down", (await cluster.RunAsync(IsobarCluster.Home, "isobar", "run", "--on", "beta", "true")).Error, StringComparison.Ordinal);
        Assert.Equal(("beta", JobState.Running), (await cluster.JobsAsync("beta")).Where(job => job.Id == own.Trim()).Select(job => (job.Node, job.State)).Single());
        // As the next boot does, whose run folder is empty.
        await cluster.IsobarAsync("beta", Of(unit, "ExecStart"));
        Assert.Equal(0, (await cluster.RunAsync(IsobarCluster.Home, "isobar", "run", "--on", "beta", "true")).ExitCode);
        await cluster.IsobarAsync("beta", "kill", own.Trim());
    }

    private static string[] Of(string[] unit, string step) =>
        unit.Single(line => line.StartsWith(step + "=-/usr/bin/isobar ", StringComparison.Ordinal))[(step.Length + "=-/usr/bin/isobar ".Length)..].Split(' ');

    private async Task<(string Node, JobState State)> PlaceAsync(string name)
    {
        var job = await cluster.StatusAsync(name);
        return (job.Node, job.State);
    }

    private async Task<string> StartAsync(params string[] options)
    {
        var name = cluster.NewName("guest");
        await cluster.IsobarAsync(IsobarCluster.Home, ["run", "--detach", .. options, "--name", name, "sleep", "1000"]);
        _jobs.Add(name);
        await cluster.RunsAsync(name);
        return name;
    }
}
