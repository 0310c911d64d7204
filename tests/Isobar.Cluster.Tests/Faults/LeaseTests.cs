using System.Diagnostics;
using System.Globalization;
using Isobar.Cluster.Tests.Cluster;
using Isobar.Cluster.Tests.Hosts;
using Isobar.Protocol.Jobs;

namespace Isobar.Cluster.Tests.Faults;

/// <summary>A job is never run by two machines, and by none that its home does not know of: what is cut off stands still, what is superseded ends.</summary>
public sealed class LeaseTests(IsobarCluster cluster) : IClassFixture<IsobarCluster>
{
    // It opens no file, which would make it wait for its home by itself: only the lease can stop it.
    private const string Counter = """
        import signal, sys, time
        over = []
        signal.signal(signal.SIGUSR1, lambda *_: over.append(1))
        n = 0
        while not over:
            n += 1
            print(n, flush=True)
            time.sleep(0.02)
        sys.exit(7)
        """;

    /// <summary>The lease is 15 s; a machine that is busy may look later.</summary>
    private static readonly TimeSpan LeaseAtLeast = TimeSpan.FromSeconds(10);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_guest_that_its_home_cannot_reach_stands_still_and_goes_on_when_it_can()
    {
        var name = cluster.NewName("lease");
        await using var job = cluster.Start(IsobarCluster.Home, ["isobar", "run", "--on", "beta", "--stay", "--name", name, "/usr/bin/python3", "-c", Counter]);
        await job.SaysAsync("5\n", Cancellation);
        const string State = "ps -C python3 -o stat= | cut -c1 | sort -u";
        Assert.NotEqual("T\n", (await cluster.ShAsync("beta", State)).Output);

        var since = Stopwatch.GetTimestamp();
        await cluster.Sandbox.SetLinkAsync("beta", up: false, Cancellation);
        try
        {
            await Waiting.ForAsync(async () => (await cluster.ShAsync("beta", State)).Output == "T\n", () => "the job to be stopped on beta", Cancellation);
            Assert.True(Stopwatch.GetElapsedTime(since) > LeaseAtLeast, $"it was stopped after {Stopwatch.GetElapsedTime(since)} already");
        }
        finally
        {
            await cluster.Sandbox.SetLinkAsync("beta", up: true, Cancellation);
        }

        var lines = Lines(job.OutputSoFar);
        await Waiting.ForAsync(() => Lines(job.OutputSoFar) > lines + 500, () => $"the job to count beyond {lines}: {job.ErrorSoFar}", Cancellation);
        await cluster.IsobarAsync(IsobarCluster.Home, "kill", "-s", "USR1", name);
        var end = await job.EndAsync(Cancellation);
        Assert.Equal(7, end.ExitCode);
        var numbers = end.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(Enumerable.Range(1, numbers.Length).Select(i => i.ToString(CultureInfo.InvariantCulture)), numbers);
    }

    [Fact]
    public async Task A_source_that_is_cut_off_at_the_commit_ends_what_it_has_when_it_hears_of_it()
    {
        var traces = await HostTraces.NoteAsync(cluster.Sandbox);
        await using var job = await CountingJob.StartAsync(cluster);
        await cluster.MoveAsync(job.Name, "beta");
        await job.GoesOnAsync();

        var frozen = await FrozenMove.StartAsync(cluster, job.Name, "gamma");
        await cluster.Sandbox.SetLinkAsync("beta", up: false, Cancellation);
        try
        {
            await frozen.ContinueAsync();
            var moved = await frozen.EndAsync();
            Assert.True(moved.ExitCode == 0, moved.Error);
            Assert.Equal("gamma", (await cluster.StatusAsync(job.Name)).Node);
            await job.GoesOnAsync();
            // The older incarnation is still there, frozen: it must never run again.
            Assert.NotEqual("", await CopiesOnBetaAsync(job));
        }
        finally
        {
            await cluster.Sandbox.SetLinkAsync("beta", up: true, Cancellation);
        }

        await Waiting.ForAsync(async () => await CopiesOnBetaAsync(job) == "", () => "the older incarnation to end", Cancellation);
        await job.GoesOnAsync();
        await job.EndsRightAsync();
        await traces.AreGoneAsync();
    }

    [Fact]
    public async Task A_guest_whose_home_has_lost_the_job_ends_it()
    {
        var traces = await HostTraces.NoteAsync(cluster.Sandbox);
        var name = cluster.NewName("lost");
        await using var job = cluster.Start(IsobarCluster.Home, ["isobar", "run", "--on", "beta", "--stay", "--name", name, "/usr/bin/python3", "-c", Counter]);
        await job.SaysAsync("5\n", Cancellation);
        Assert.NotEqual("", (await cluster.ShAsync("beta", "pgrep -x python3")).Output);

        Assert.Equal(0, (await cluster.ShAsync(IsobarCluster.Home, "kill -KILL $(pgrep -f '^isobar-supervisor supervise /run/isobar/jobs')")).ExitCode);
        var end = await job.EndAsync(Cancellation);
        Assert.Equal(125, end.ExitCode);
        Assert.Contains("supervisor", end.Error, StringComparison.Ordinal);
        await traces.AreGoneAsync();
        Assert.Equal(JobState.Lost, (await cluster.StatusAsync(name)).State);
    }

    private async Task<string> CopiesOnBetaAsync(CountingJob job) => (await cluster.ShAsync("beta", $"pgrep -f '{job.Mark}' || true")).Output;

    private static int Lines(string text) => text.Count(c => c == '\n');
}
