using System.Text.Json;
using Isobar.Cluster.Tests.Cluster;
using Isobar.Cluster.Tests.Hosts;

namespace Isobar.Cluster.Tests.Owners;

/// <summary>A machine's owner goes first: guests leave or stand still while he is there, none come, and no line of what they do is lost.</summary>
[Collection(SharedCluster.Name)]
public sealed class OwnerTests(IsobarCluster cluster) : IAsyncLifetime
{
    private const string Command = "/etc/isobar/owner-here";
    private const string Flag = "/srv/owner-is-there";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await cluster.KnowEachOtherAsync();
        var made = await cluster.ShAsync("beta", $"mkdir -p /etc/isobar /srv && printf '#!/bin/sh\\ntest -e {Flag}\\n' > {Command} && chmod 755 {Command} && rm -f {Flag}");
        Assert.True(made.ExitCode == 0, made.Error);
    }

    public async ValueTask DisposeAsync()
    {
        await cluster.IsobarAsync(IsobarCluster.Home, "owner", "clear", "--node", "beta");
        // Beta reads it from the store, and the test that comes next may want beta at once.
        await Waiting.ForAsync(
            async () => (await cluster.RunAsync(IsobarCluster.Home, "isobar", "run", "--on", "beta", "true")).ExitCode == 0, () => "beta to be open to guests", CancellationToken.None);
    }

    [Fact]
    public async Task Guests_leave_when_the_owner_comes_and_none_come_until_he_has_gone()
    {
        await cluster.IsobarAsync(IsobarCluster.Home, "owner", "set", "--command", Command, "--quiet", "3", "--node", "beta");
        await using var job = await GuestAsync();
        await ComeAsync();
        await Waiting.ForAsync(async () => (await cluster.StatusAsync(job.Name)).Node != "beta", () => $"{job.Name} to leave beta", Cancellation);
        var move = (await cluster.MovesAsync(job.Name))[^1];
        Assert.StartsWith("owner:", move.Why, StringComparison.Ordinal);
        Assert.True(move.Committed);
        Assert.InRange(move.FreezeSeconds, 0, Patient(1));
        await job.GoesOnAsync();

        await Waiting.ForAsync(async () => (await cluster.IsobarAsync("beta", "nodes")).Contains("owner", StringComparison.Ordinal), () => "beta to say so", Cancellation);
        Assert.Contains("its owner is there", await cluster.IsobarAsync(IsobarCluster.Home, "owner", "show", "--node", "beta"), StringComparison.Ordinal);
        await Waiting.ForAsync(async () => (await cluster.LoadsAsync()).Contains("owner", StringComparison.Ordinal), () => "alpha to hear of beta's owner", Cancellation);
        var refused = await cluster.RunAsync(IsobarCluster.Home, "isobar", "run", "--on", "beta", "true");
        Assert.Equal(125, refused.ExitCode);
        Assert.Contains("its owner is there", refused.Error, StringComparison.Ordinal);
        var best = cluster.NewName("elsewhere");
        await cluster.IsobarAsync(IsobarCluster.Home, "run", "--detach", "--on", "best", "--nodes", "!alpha", "--name", best, "sleep", "1000");
        Assert.Equal("gamma", (await cluster.StatusAsync(best)).Node);
        await cluster.IsobarAsync(IsobarCluster.Home, "kill", best);

        await GoAsync();
        await Waiting.ForAsync(async () => (await cluster.RunAsync(IsobarCluster.Home, "isobar", "run", "--on", "beta", "true")).ExitCode == 0, () => "beta to be open again", Cancellation);
        await job.EndsRightAsync();
    }

    [Fact]
    public async Task Guests_stand_still_while_the_owner_is_there_and_go_on_when_he_has_gone()
    {
        await cluster.IsobarAsync(IsobarCluster.Home, "owner", "set", "--command", Command, "--quiet", "3", "--then", "freeze", "--node", "beta");
        await using var job = await GuestAsync();
        await ComeAsync();
        await Waiting.ForAsync(async () => (await cluster.StatusAsync(job.Name)).Suspended is not null, () => $"{job.Name} to stand still", Cancellation);
        // What it wrote before is on its way for a moment.
        await Task.Delay(TimeSpan.FromSeconds(1), Cancellation);
        var lines = job.Lines;
        await Task.Delay(TimeSpan.FromSeconds(2), Cancellation);
        Assert.Equal(lines, job.Lines);
        Assert.Contains("suspended", await cluster.IsobarAsync(IsobarCluster.Home, "ps"), StringComparison.Ordinal);
        var why = await cluster.IsobarAsync(IsobarCluster.Home, "why", job.Name);
        Assert.Contains("stands still", why, StringComparison.Ordinal);
        Assert.Contains("the owner of beta was there", why, StringComparison.Ordinal);
        using var shown = JsonDocument.Parse(await cluster.IsobarAsync("beta", "owner", "show", "--json"));
        Assert.True(shown.RootElement.GetProperty("present").GetBoolean());
        Assert.InRange(shown.RootElement.GetProperty("suspended").GetInt32(), 1, int.MaxValue);
        // A user who wakes it up does not go before the owner, and may still take it elsewhere.
        await GoAsync();
        await Waiting.ForAsync(async () => (await cluster.StatusAsync(job.Name)).Suspended is null, () => $"{job.Name} to go on", Cancellation);
        await job.GoesOnAsync();
        Assert.Equal("beta", (await cluster.StatusAsync(job.Name)).Node);
        await job.EndsRightAsync();
    }

    [Fact]
    public async Task A_guest_that_stands_still_can_be_moved_and_runs_where_it_goes()
    {
        await cluster.IsobarAsync(IsobarCluster.Home, "owner", "set", "--command", Command, "--quiet", "3", "--then", "freeze", "--node", "beta");
        await using var job = await GuestAsync();
        await ComeAsync();
        await Waiting.ForAsync(async () => (await cluster.StatusAsync(job.Name)).Suspended is not null, () => $"{job.Name} to stand still", Cancellation);
        await cluster.MoveAsync(job.Name, "gamma");
        await job.GoesOnAsync();
        Assert.Null((await cluster.StatusAsync(job.Name)).Suspended);
        await GoAsync();
        await job.EndsRightAsync();
    }

    [Fact]
    public async Task Typing_at_a_terminal_of_the_machine_is_the_owner()
    {
        await cluster.IsobarAsync("beta", "owner", "set", "--input", "--quiet", "20");
        await using var job = await GuestAsync();
        await using var terminal = cluster.Start("beta", ["script", "-qc", "cat > /dev/null", "/dev/null"], "/");
        await terminal.Input.WriteAsync("hello\n"u8.ToArray(), Cancellation);
        await terminal.Input.FlushAsync(Cancellation);
        await Waiting.ForAsync(async () => (await cluster.StatusAsync(job.Name)).Node != "beta", () => $"{job.Name} to leave beta", Cancellation);
        Assert.Contains("input at a keyboard or terminal", await cluster.IsobarAsync("beta", "owner", "show"), StringComparison.Ordinal);
        await job.EndsRightAsync();
    }

    // A machine that other tests keep busy freezes longer; alone it is far below a second.
    private static double Patient(double seconds) => seconds * (Environment.GetEnvironmentVariable("ISOBAR_TEST_QUIET") is null ? 5 : 1);

    private async Task<CountingJob> GuestAsync()
    {
        // The command is asked every five seconds: what it said in the test before must be over.
        await Waiting.ForAsync(
            async () => (await cluster.IsobarAsync(IsobarCluster.Home, "owner", "show", "--node", "beta")).Contains("its owner is away", StringComparison.Ordinal),
            () => "the owner of beta to be away",
            Cancellation);
        var job = await CountingJob.StartAsync(cluster, stay: false);
        await cluster.MoveAsync(job.Name, "beta");
        await job.GoesOnAsync();
        return job;
    }

    private Task<HostResult> ComeAsync() => cluster.ShAsync("beta", $"touch {Flag}");

    private Task<HostResult> GoAsync() => cluster.ShAsync("beta", $"rm -f {Flag}");
}
