using Isobar.Cluster.Tests.Cluster;
using Isobar.Cluster.Tests.Hosts;

namespace Isobar.Cluster.Tests.Jobs;

/// <summary>A supervisor looks after one job after the other, and nothing of one job is seen by the next.</summary>
public sealed class SupervisorReuseTests(IsobarCluster cluster) : IClassFixture<IsobarCluster>
{
    private const string Idle = "pgrep -f '^isobar-supervisor idle'";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Jobs_one_after_the_other_have_the_same_supervisors_at_home_and_as_guests()
    {
        await EndIdleAsync();
        for (var i = 0; i < 3; i++)
            Assert.Equal($"{i}\n", await cluster.IsobarAsync(IsobarCluster.Home, "run", "--on", "beta", "echo", $"{i}"));
        var home = await OneIdleAsync(IsobarCluster.Home);
        var guest = await OneIdleAsync("beta");
        Assert.Equal("here\n", await cluster.IsobarAsync(IsobarCluster.Home, "run", "--on", "beta", "echo", "here"));
        Assert.Equal(home, await OneIdleAsync(IsobarCluster.Home));
        Assert.Equal(guest, await OneIdleAsync("beta"));
        // Nothing is left: neither mounts nor folders, nor children.
        foreach (var (host, pid) in new[] { (IsobarCluster.Home, home), ("beta", guest) })
        {
            Assert.Equal("0\n", (await cluster.ShAsync(host, $"grep -c /run/isobar/ /proc/{pid}/mountinfo; true")).Output);
            Assert.Equal("", (await cluster.ShAsync(host, $"cat /proc/{pid}/task/*/children; ls /run/isobar/jobs /run/isobar/guests | grep -v :")).Output.Trim());
        }
    }

    [Fact]
    public async Task A_moved_job_leaves_supervisors_that_take_the_next_one()
    {
        var name = cluster.NewName("moved");
        await cluster.IsobarAsync(IsobarCluster.Home, "run", "--detach", "--on", "beta", "--name", name, "sleep", "1000");
        for (var i = 0; i < 3; i++)
        {
            await cluster.IsobarAsync(IsobarCluster.Home, "migrate", name, "gamma");
            await cluster.IsobarAsync(IsobarCluster.Home, "migrate", name, "beta");
        }

        // Three guests on beta and three on gamma in all, one after the other.
        Assert.InRange(int.Parse((await cluster.ShAsync("gamma", "pgrep -c -f '^isobar-supervisor '")).Output, System.Globalization.CultureInfo.InvariantCulture), 1, 2);
        await cluster.IsobarAsync(IsobarCluster.Home, "kill", name);
    }

    [Fact]
    public async Task After_the_job_of_an_ordinary_user_the_next_ones_are_looked_after_as_well()
    {
        for (var i = 0; i < 4; i++)
        {
            var user = i % 2 == 0 ? "nobody" : "root";
            var said = await cluster.ShAsync(IsobarCluster.Home, $"cd /tmp && setpriv --reuid {user} --regid 0 --clear-groups isobar run --on beta sh -c 'id -un; cat /etc/hostname | wc -l'");
            Assert.True(said.ExitCode == 0, said.Error);
            Assert.StartsWith(user, said.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Limits_that_a_user_has_set_by_a_thread_that_acts_as_him_are_not_the_next_users()
    {
        await EndIdleAsync();
        const string AsUser = "setpriv --reuid nobody --regid nogroup --clear-groups";
        await using var job = cluster.Start(IsobarCluster.Home, [.. AsUser.Split(' '), "isobar", "run", "--on", "beta", "sh", "-c", "echo up; cat"], "/tmp");
        await job.SaysAsync("up", Cancellation);
        var set = await cluster.ShAsync(
            IsobarCluster.Home,
            $$"""
            pid=$(pgrep -f '^isobar-supervisor supervise')
            for task in /proc/$pid/task/*; do
                if grep -qP '^Uid:(\t65534){4}$' $task/status; then {{AsUser}} prlimit --pid ${task##*/} --fsize=100000000 && echo $pid && exit 0; fi
            done
            exit 1
            """);
        Assert.True(set.ExitCode == 0, set.Error);
        job.CloseInput();
        Assert.Equal(0, (await job.EndAsync(Cancellation)).ExitCode);
        await Waiting.ForAsync(
            async () => (await cluster.ShAsync(IsobarCluster.Home, $"kill -0 {set.Output.Trim()}")).ExitCode != 0, () => "the supervisor with his limits to end", Cancellation);
        Assert.Equal("b\n", await cluster.IsobarAsync(IsobarCluster.Home, "run", "--on", "beta", "echo", "b"));
    }

    [Fact]
    public async Task A_file_system_that_was_mounted_meanwhile_is_seen_by_the_next_job()
    {
        await cluster.ShAsync(IsobarCluster.Home, "mkdir -p /srv/isobar-test/late");
        Assert.Equal("", await cluster.IsobarAsync(IsobarCluster.Home, "run", "--on", "beta", "ls", "/srv/isobar-test/late"));
        Assert.Equal(0, (await cluster.ShAsync(IsobarCluster.Home, "mount -t tmpfs late /srv/isobar-test/late && echo hello > /srv/isobar-test/late/file")).ExitCode);
        try
        {
            foreach (var place in new[] { IsobarCluster.Home, "beta" })
                Assert.Equal("hello\n", await cluster.IsobarAsync(IsobarCluster.Home, "run", "--on", place, "cat", "/srv/isobar-test/late/file"));
        }
        finally
        {
            await cluster.ShAsync(IsobarCluster.Home, "umount -l /srv/isobar-test/late");
        }
    }

    [Fact]
    public async Task One_that_was_killed_while_it_was_idle_is_not_missed()
    {
        Assert.Equal("a\n", await cluster.IsobarAsync(IsobarCluster.Home, "run", "--home", "echo", "a"));
        await cluster.ShAsync(IsobarCluster.Home, $"kill -KILL $({Idle})");
        Assert.Equal("b\n", await cluster.IsobarAsync(IsobarCluster.Home, "run", "--home", "echo", "b"));
    }

    [Fact]
    public async Task They_end_with_the_daemon_and_the_next_one_starts_its_own()
    {
        Assert.Equal("a\n", await cluster.IsobarAsync("gamma", "run", "--home", "echo", "a"));
        await OneIdleAsync("gamma");
        Assert.Equal(0, (await cluster.ShAsync("gamma", "p=$(pgrep -x isobard) && kill -KILL $p && while kill -0 $p 2> /dev/null; do sleep 0.02; done")).ExitCode);
        await Waiting.ForAsync(async () => (await cluster.ShAsync("gamma", Idle)).Output.Length == 0, () => "idle supervisors to end with their daemon", Cancellation);
        await cluster.Daemons.StartAsync("gamma", Cancellation);
        await Waiting.ForAsync(async () => (await cluster.RunAsync("gamma", "isobar", "run", "--home", "echo", "b")).Output == "b\n", () => "a job after the restart", Cancellation);
    }

    private async Task EndIdleAsync()
    {
        foreach (var host in new[] { IsobarCluster.Home, "beta" })
            await cluster.ShAsync(host, $"kill -KILL $({Idle}); true");
    }

    private async Task<string> OneIdleAsync(string host)
    {
        var found = "";
        await Waiting.ForAsync(
            async () => (found = (await cluster.ShAsync(host, Idle)).Output.Trim()).Length > 0 && !found.Contains('\n', StringComparison.Ordinal),
            () => $"one idle supervisor on {host}, not '{found}'",
            Cancellation);
        return found;
    }
}
