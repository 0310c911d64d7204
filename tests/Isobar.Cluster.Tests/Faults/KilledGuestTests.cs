using Isobar.Cluster.Tests.Cluster;
using Isobar.Cluster.Tests.Hosts;
using Isobar.Protocol.Jobs;

namespace Isobar.Cluster.Tests.Faults;

/// <summary>Guest supervisors that are killed: they go, even while they wait for the file view that they serve, and their jobs' homes hear of it.</summary>
public sealed class KilledGuestTests(IsobarCluster cluster) : IClassFixture<IsobarCluster>
{
    private const string Guest = "pgrep -f '^isobar-supervisor supervise /run/isobar/guests'";

    // Only where a file was opened to be changed there is anything to flush. The program and its libraries lie at home too: it must end without them, so that only its supervisor waits.
    private const string Program = """
        import ctypes, os, time
        assert ctypes.CDLL(None).mlockall(3) == 0
        changed = open('changed', 'w')
        print('locked', flush=True)
        time.sleep(3)
        os._exit(0)
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_supervisor_that_is_killed_while_it_flushes_ends_and_its_job_is_told_to_be_lost()
    {
        var name = cluster.NewName("flushed");
        await using var job = cluster.Start(IsobarCluster.Home, ["isobar", "run", "--on", "beta", "--name", name, "python3", "-c", Program], cluster.NewFolder());
        await job.SaysAsync("locked", Cancellation);
        await cluster.Sandbox.SetLinkAsync("beta", up: false, Cancellation);
        try
        {
            var killed = await cluster.ShAsync("beta", $$"""
                guest=$({{Guest}}) || exit 2
                end=$(($(date +%s) + 10))
                while pgrep -x python3 > /dev/null; do
                    [ $(date +%s) -lt $end ] || exit 5
                    sleep 0.1
                done
                until grep -qs fuse /proc/$guest/task/*/wchan || grep -qs request_wait /proc/$guest/task/*/stack; do
                    [ $(date +%s) -lt $end ] || { cat /proc/$guest/task/*/wchan >&2; exit 3; }
                    sleep 0.05
                done
                kill -KILL $guest
                end=$(($(date +%s) + 10))
                while [ -d /proc/$guest/task ] && ! grep -qs 'State:.*zombie' /proc/$guest/task/*/status || [ $(ls /proc/$guest/task 2> /dev/null | wc -l) -gt 1 ]; do
                    [ $(date +%s) -lt $end ] || { grep State /proc/$guest/task/*/status >&2; exit 4; }
                    sleep 0.05
                done
                """);
            Assert.True(killed.ExitCode == 0, $"{killed.ExitCode}: {killed.Error}");
        }
        finally
        {
            await cluster.Sandbox.SetLinkAsync("beta", up: true, Cancellation);
        }

        // Nothing there can tell of the job any more; its home asks the machine, and its user hears of it.
        var end = await job.EndAsync(Cancellation).WaitAsync(TimeSpan.FromSeconds(60), Cancellation);
        Assert.Equal(125, end.ExitCode);
        Assert.Contains("its supervisor on beta was killed", end.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_detached_job_whose_guest_supervisor_is_killed_is_over_and_what_it_had_said_is_kept()
    {
        var name = cluster.NewName("lost");
        await cluster.IsobarAsync(IsobarCluster.Home, "run", "--detach", "--on", "gamma", "--name", name, "sh", "-c", "echo said; sleep 1000");
        await Waiting.ForAsync(async () => await cluster.IsobarAsync(IsobarCluster.Home, "logs", name) == "said\n", () => $"{name} to speak", Cancellation);
        Assert.Equal(0, (await cluster.ShAsync("gamma", $"kill -KILL $({Guest})")).ExitCode);
        var waited = await cluster.RunAsync(IsobarCluster.Home, "isobar", "wait", name).WaitAsync(TimeSpan.FromSeconds(60), Cancellation);
        Assert.Equal(125, waited.ExitCode);
        await Waiting.ForAsync(async () => (await cluster.StatusAsync(name)).State == JobState.Done, () => $"{name} to be over", Cancellation);
        Assert.Equal("said\n", await cluster.IsobarAsync(IsobarCluster.Home, "logs", name));
        // The processes went with their supervisor, too.
        Assert.Equal(1, (await cluster.ShAsync("gamma", "pgrep -f '^sleep 1000'")).ExitCode);
    }
}
