using Isobar.Cluster.Tests.Cluster;
using Isobar.Cluster.Tests.Hosts;

namespace Isobar.Cluster.Tests.Faults;

/// <summary>Moves that cannot be, or break in the middle: the job goes on where it is, and the command says why in one sentence.</summary>
public sealed class ImpossibleMoveTests(IsobarCluster cluster) : IClassFixture<IsobarCluster>
{
    private const int Megabytes = 300;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_target_that_cannot_be_reached()
    {
        await using var job = await CountingJob.StartAsync(cluster);
        await cluster.Sandbox.SetLinkAsync("gamma", up: false, Cancellation);
        try
        {
            await IsRefusedAsync(job.Name, "gamma");
            await job.GoesOnAsync();
        }
        finally
        {
            await cluster.Sandbox.SetLinkAsync("gamma", up: true, Cancellation);
        }

        await cluster.MoveAsync(job.Name, "beta");
        await job.GoesOnAsync();
        await job.EndsRightAsync();
    }

    [Fact]
    public async Task A_program_that_cannot_be_frozen()
    {
        var name = cluster.NewName("unmovable");
        var gate = $"{cluster.NewFolder()}/gate";
        await using var job = cluster.Start(IsobarCluster.Home, ["isobar", "run", "--home", "--stay", "--name", name, "./unmovable", gate]);
        await cluster.RunsAsync(name);
        await Waiting.ForAsync(
            async () => (await cluster.ShAsync(IsobarCluster.Home, "ls -l /proc/$(pgrep -x unmovable)/fd")).Output.Contains("io_uring", StringComparison.Ordinal),
            () => $"the program to hold an io_uring: {job.OutputSoFar}{job.ErrorSoFar}",
            Cancellation);
        await IsRefusedAsync(name, "beta");
        await OpenAsync(gate);
        var end = await job.EndAsync(Cancellation);
        Assert.Equal(("went on\n", 0), (end.Output, end.ExitCode));
    }

    [Theory]
    [InlineData("the guest supervisor is killed")]
    [InlineData("the cable is pulled")]
    public async Task A_target_that_dies_in_the_middle_of_the_images(string fault)
    {
        var traces = await HostTraces.NoteAsync(cluster.Sandbox);
        var name = cluster.NewName("memory");
        var gate = $"{cluster.NewFolder()}/gate";
        await using var job = cluster.Start(IsobarCluster.Home, ["isobar", "run", "--home", "--stay", "--name", name, "./memory", gate, $"{Megabytes}"]);
        await job.SaysAsync("filled", Cancellation);
        await cluster.RunsAsync(name);

        var cable = fault.Contains("cable", StringComparison.Ordinal);
        // Some images are there, but by far not all; they lie where only the supervisor's mount namespace shows them.
        const string Middle = """
            end=$(($(date +%s) + 30))
            until
                guest=$(pgrep -f '^isobar-supervisor supervise /run/isobar/guests') &&
                [ "$(du -cm /proc/$guest/root/run/isobar/guests/*/host.*/images 2> /dev/null | tail -n 1 | cut -f 1)" -gt 20 ]
            do
                [ $(date +%s) -lt $end ] || exit 1
                sleep 0.005
            done
            """;
        const string Kill = "\nkill -KILL $guest";
        var middle = cluster.ShAsync("beta", cable ? Middle : Middle + Kill);
        var refused = IsRefusedAsync(name, "beta");
        try
        {
            Assert.Equal(0, (await middle).ExitCode);
            if (cable)
                await cluster.Sandbox.SetLinkAsync("beta", up: false, Cancellation);
            await refused;
        }
        finally
        {
            if (cable)
                await cluster.Sandbox.SetLinkAsync("beta", up: true, Cancellation);
        }

        await OpenAsync(gate);
        var end = await job.EndAsync(Cancellation);
        Assert.Equal(($"filled\n{Megabytes} MB are as they were\n", 0), (end.Output, end.ExitCode));
        await traces.AreGoneAsync();
    }

    private async Task IsRefusedAsync(string name, string target)
    {
        var result = await cluster.RunAsync(IsobarCluster.Home, "isobar", "migrate", name, target).WaitAsync(Waiting.Patience, Cancellation);
        Assert.True(result.ExitCode == 125, $"{result.ExitCode}: {result.Output}{result.Error}");
        Assert.StartsWith("isobar: ", result.Error, StringComparison.Ordinal);
        Assert.Equal(1, result.Error.Count(c => c == '\n'));
        Assert.Equal(IsobarCluster.Home, (await cluster.StatusAsync(name)).Node);
    }

    private Task OpenAsync(string gate) => File.WriteAllTextAsync(cluster.Seen(IsobarCluster.Home, gate), "", Cancellation);
}
