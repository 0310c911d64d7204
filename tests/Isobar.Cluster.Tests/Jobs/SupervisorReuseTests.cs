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
        var (home, guest) = ("", "");
        for (var i = 0; i < 4; i++)
        {
            Assert.Equal($"{i}\n", await cluster.IsobarAsync(IsobarCluster.Home, "run", "--on", "beta", "echo", $"{i}"));
            // One that is not through with a job when the next one comes is not waited for: another is started.
            var before = (home, guest);
            (home, guest) = (await OneIdleAsync(IsobarCluster.Home), await OneIdleAsync("beta"));
            Assert.True(i == 0 || before == (home, guest), $"{before}, then {(home, guest)}");
        }

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
        await EndIdleAsync();
        var name = cluster.NewName("moved");
        await cluster.IsobarAsync(IsobarCluster.Home, "run", "--detach", "--on", "beta", "--name", name, "sleep", "1000");
        await cluster.IsobarAsync(IsobarCluster.Home, "migrate", name, "gamma");
        var left = await OneIdleAsync("beta");
        await cluster.IsobarAsync(IsobarCluster.Home, "migrate", name, "beta");
        Assert.Equal(left, (await cluster.ShAsync("beta", "pgrep -f '^isobar-supervisor supervise'")).Output.Trim());
        await cluster.IsobarAsync(IsobarCluster.Home, "kill", name);
        await cluster.RunAsync(IsobarCluster.Home, "isobar", "wait", name);
        Assert.Equal(left, await OneIdleAsync("beta"));
    }

    [Fact]
    public async Task After_the_job_of_an_ordinary_user_the_same_process_has_roots_rights_again()
    {
        const string AsUser = "setpriv --reuid nobody --regid nogroup --clear-groups";
        var pids = new HashSet<string>();
        await EndIdleAsync();
        for (var i = 0; i < 4; i++)
        {
            var (user, mayRead) = i % 2 == 0 ? (AsUser, "no") : ("", "yes");
            // Elsewhere, so that the home's supervisor opens the file.
            var said = await cluster.ShAsync(IsobarCluster.Home, $"cd /tmp && {user} isobar run --on beta sh -c 'id -u; cat /etc/shadow > /dev/null 2>&1 && echo yes || echo no'");
            Assert.True(said.ExitCode == 0, said.Error);
            Assert.Equal($"{(i % 2 == 0 ? 65534 : 0)}\n{mayRead}\n", said.Output);
            pids.Add(await OneIdleAsync(IsobarCluster.Home));
        }

        Assert.Single(pids);
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
        await EndIdleAsync();
        Assert.Equal("a\n", await cluster.IsobarAsync(IsobarCluster.Home, "run", "--home", "echo", "a"));
        Assert.Equal(0, (await cluster.ShAsync(IsobarCluster.Home, $"kill -KILL {await OneIdleAsync(IsobarCluster.Home)}")).ExitCode);
        Assert.Equal("b\n", await cluster.IsobarAsync(IsobarCluster.Home, "run", "--home", "echo", "b"));
    }

    [Fact]
    public async Task Of_many_at_once_four_wait_for_another_job()
    {
        await EndIdleAsync();
        var ran = await cluster.ShAsync(IsobarCluster.Home, "for i in $(seq 7); do isobar run --home sleep 2 & done; wait");
        Assert.True(ran.ExitCode == 0, ran.Error);
        var supervisors = "";
        await Waiting.ForAsync(
            async () => !(supervisors = (await cluster.ShAsync(IsobarCluster.Home, "pgrep -af ^isobar-supervisor")).Output).Contains("supervise", StringComparison.Ordinal)
                && supervisors.Count(c => c == '\n') <= 4,
            () => $"no more than four idle supervisors, not\n{supervisors}",
            Cancellation);
        Assert.Equal(4, supervisors.Count(c => c == '\n'));
    }

    [Fact]
    public async Task After_a_hundred_jobs_it_ends()
    {
        await EndIdleAsync();
        var ran = await cluster.ShAsync(IsobarCluster.Home, $"""
            job=0
            while [ $((job += 1)) -le 101 ]; do
                isobar run --home true || exit
                while pgrep -f '^isobar-supervisor supervise' > /dev/null; do sleep 0.01; done
                {Idle} || echo none
            done
            """);
        Assert.True(ran.ExitCode == 0, ran.Error);
        var seen = ran.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(101, seen.Length);
        Assert.NotEqual("none", seen[0]);
        Assert.All(seen[..99], pid => Assert.Equal(seen[0], pid));
        Assert.Equal("none", seen[99]);
        Assert.DoesNotContain(seen[100], new[] { seen[0], "none" });
    }

    [Fact]
    public async Task They_end_with_the_daemon_and_the_next_one_starts_its_own()
    {
        Assert.Equal("a\n", await cluster.IsobarAsync("gamma", "run", "--home", "echo", "a"));
        await OneIdleAsync("gamma");
        await cluster.KillDaemonAsync("gamma");
        await Waiting.ForAsync(async () => (await cluster.ShAsync("gamma", Idle)).Output.Length == 0, () => "idle supervisors to end with their daemon", Cancellation);
        await cluster.Daemons.StartAsync("gamma", Cancellation);
        await Waiting.ForAsync(async () => (await cluster.RunAsync("gamma", "isobar", "run", "--home", "echo", "b")).Output == "b\n", () => "a job after the restart", Cancellation);
    }

    private async Task EndIdleAsync()
    {
        // Also those of a job that has just ended, which are about to be.
        foreach (var host in new[] { IsobarCluster.Home, "beta", "gamma" })
        {
            await cluster.ShAsync(host, $"while pgrep -f '^isobar-supervisor supervise' > /dev/null && [ $((n += 1)) -lt 250 ]; do sleep 0.02; done; kill -KILL $({Idle}); true");
        }
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
