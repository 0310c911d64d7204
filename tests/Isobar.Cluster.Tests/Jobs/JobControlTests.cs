using Isobar.Cluster.Tests.Cluster;
using Isobar.Cluster.Tests.Hosts;
using Isobar.Protocol.Jobs;

namespace Isobar.Cluster.Tests.Jobs;

/// <summary>ps, kill, stop, cont, wait, logs and the ledger, wherever the job runs.</summary>
[Collection(SharedCluster.Name)]
public sealed class JobControlTests(IsobarCluster cluster)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_detached_job_is_listed_waited_for_and_its_output_kept()
    {
        var name = cluster.NewName("detached");
        var id = (await cluster.IsobarAsync(IsobarCluster.Home, "run", "--detach", "--on", "beta", "--name", name, "sh", "-c", "echo one; sleep 1; echo two >&2; exit 9")).Trim();
        Assert.Matches("^alpha-[0-9]+$", id);
        var status = await cluster.StatusAsync(name);
        Assert.Equal((id, "beta", true), (status.Id, status.Node, status.Detached));

        var waited = await cluster.RunAsync(IsobarCluster.Home, "isobar", "wait", id);
        Assert.Equal(9, waited.ExitCode);
        Assert.Equal("one\ntwo\n", await cluster.IsobarAsync(IsobarCluster.Home, "logs", id));
        status = await cluster.StatusAsync(name);
        Assert.Equal((JobState.Done, 9), (status.State, status.ExitCode));
        Assert.DoesNotContain(name, await cluster.IsobarAsync(IsobarCluster.Home, "ps"), StringComparison.Ordinal);
        Assert.Contains(name, await cluster.IsobarAsync(IsobarCluster.Home, "ps", "-a"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_supervisor_that_ran_out_of_descriptors_takes_calls_again()
    {
        var name = cluster.NewName("calls");
        await cluster.IsobarAsync(IsobarCluster.Home, "run", "--detach", "--home", "--name", name, "sleep", "1000");
        await cluster.RunsAsync(name);
        var id = (await cluster.StatusAsync(name)).Id;
        var full = await cluster.ShAsync(
            IsobarCluster.Home, $"pid=$(pgrep -f '^isobar-supervisor supervise .*/{id}/') && prlimit --pid $pid --nofile --raw --noheadings -o SOFT && prlimit --pid $pid --nofile=5: && echo $pid");
        Assert.True(full.ExitCode == 0, full.Error);
        var (limit, pid) = full.Output.Trim().Split('\n') is [var first, var second] ? (first, second) : throw new InvalidOperationException(full.Output);
        await using var killing = cluster.Start(IsobarCluster.Home, ["isobar", "kill", name]);
        await Task.Delay(500, Cancellation);
        Assert.Equal(0, (await cluster.ShAsync(IsobarCluster.Home, $"prlimit --pid {pid} --nofile={limit}:")).ExitCode);
        Assert.Equal(0, (await killing.EndAsync(Cancellation)).ExitCode);
        Assert.Equal(143, (await cluster.RunAsync(IsobarCluster.Home, "isobar", "wait", name)).ExitCode);
    }

    [Fact]
    public async Task The_CPU_time_of_a_job_that_ends_between_two_looks_is_told_in_full()
    {
        // Its own clock says when it has used so much: on a busy machine that is later.
        const string Busy = "import time\nwhile time.process_time() < {0}: pass";
        var name = cluster.NewName("brief");
        await cluster.IsobarAsync(IsobarCluster.Home, "run", "--on", "beta", "--name", name, "python3", "-c", string.Format(null, Busy, "0.3"));
        Assert.InRange((await cluster.StatusAsync(name)).CpuSeconds, 0.3, 1.5);

        var moved = cluster.NewName("brief");
        await using var job = cluster.Start(IsobarCluster.Home, ["isobar", "run", "--home", "--name", moved, "python3", "-c", $"{string.Format(null, Busy, "0.4")}\nprint('half', flush=True)\nimport sys\nsys.stdin.read()\n{string.Format(null, Busy, "0.4")}"]);
        await job.SaysAsync("half", Cancellation);
        await cluster.MoveAsync(moved, "beta");
        job.CloseInput();
        Assert.Equal(0, (await job.EndAsync(Cancellation)).ExitCode);
        // The kernel tells a running process's time in hundredths.
        Assert.InRange((await cluster.StatusAsync(moved)).CpuSeconds, 0.75, 2.5);
    }

    [Fact]
    public async Task A_signal_reaches_the_program_and_not_what_it_left_to_the_init()
    {
        var name = cluster.NewName("daemon");
        // Children without parent are the init's after the program itself; after a move they may come before it.
        await cluster.IsobarAsync(
            IsobarCluster.Home, "run", "--detach", "--home", "--name", name, "sh", "-c",
            "(sleep 1001 &); (setsid sleep 1002 &); trap 'echo told' USR1; trap 'exit 5' TERM; echo ready; while :; do sleep 0.05; done");
        await Waiting.ForAsync(
            async () => await cluster.IsobarAsync(IsobarCluster.Home, "logs", name) == "ready\n", () => $"{name} to be ready", Cancellation);
        var expected = "ready\n";
        foreach (var target in (string[])["beta", "gamma", "home"])
        {
            await cluster.MoveAsync(name, target);
            await cluster.IsobarAsync(IsobarCluster.Home, "kill", "-s", "USR1", name);
            expected += "told\n";
            await Waiting.ForAsync(
                async () => await cluster.IsobarAsync(IsobarCluster.Home, "logs", name) == expected, () => $"{name} to get the signal at {target}", Cancellation);
        }

        await cluster.IsobarAsync(IsobarCluster.Home, "kill", name);
        Assert.Equal(5, (await cluster.RunAsync(IsobarCluster.Home, "isobar", "wait", name)).ExitCode);
    }

    [Fact]
    public async Task Every_node_lists_the_jobs_of_all()
    {
        var name = cluster.NewName("everywhere");
        await cluster.IsobarAsync("gamma", "run", "--detach", "--on", "beta", "--name", name, "sleep", "1000");
        foreach (var host in (string[])["alpha", "beta", "gamma"])
            Assert.Contains(await cluster.JobsAsync(host), job => job.Name == name && job.Node == "beta");
        await cluster.IsobarAsync("gamma", "kill", name);
        Assert.Equal(143, (await cluster.RunAsync("gamma", "isobar", "wait", name)).ExitCode);
    }

    [Fact]
    public async Task A_stopped_job_stands_still_is_moved_stopped_and_goes_on()
    {
        var name = cluster.NewName("stopped");
        var folder = cluster.NewFolder();
        await cluster.IsobarAsync(IsobarCluster.Home, "run", "--detach", "--on", "beta", "--name", name, "sh", "-c", $"while :; do echo x >> {folder}/lines; sleep 0.02; done");
        var lines = cluster.Seen(IsobarCluster.Home, $"{folder}/lines");
        await Waiting.ForAsync(() => File.Exists(lines), () => "the first line", Cancellation);
        await cluster.IsobarAsync(IsobarCluster.Home, "stop", name);
        Assert.Equal(JobState.Stopped, (await cluster.StatusAsync(name)).State);
        var size = new FileInfo(lines).Length;

        await cluster.MoveAsync(name, "gamma");
        await Task.Delay(TimeSpan.FromSeconds(0.5), Cancellation);
        Assert.Equal(size, new FileInfo(lines).Length);

        await cluster.IsobarAsync(IsobarCluster.Home, "cont", name);
        await Waiting.ForAsync(() => new FileInfo(lines).Length > size, () => "the job to go on", Cancellation);
        await cluster.IsobarAsync(IsobarCluster.Home, "kill", "-s", "KILL", name);
        Assert.Equal(137, (await cluster.RunAsync(IsobarCluster.Home, "isobar", "wait", name)).ExitCode);
    }

    [Fact]
    public async Task The_command_of_a_job_that_is_stopped_and_continued_stays_with_it()
    {
        var name = cluster.NewName("waiting");
        await using var job = cluster.Start(IsobarCluster.Home, ["isobar", "run", "--on", "beta", "--name", name, "sh", "-c", "echo ready; cat; exit 5"]);
        await job.SaysAsync("ready", Cancellation);
        await cluster.IsobarAsync(IsobarCluster.Home, "stop", name);
        Assert.Equal(JobState.Stopped, (await cluster.StatusAsync(name)).State);
        await cluster.IsobarAsync(IsobarCluster.Home, "cont", name);
        Assert.Equal(JobState.Running, (await cluster.StatusAsync(name)).State);
        await job.Input.WriteAsync("went on\n"u8.ToArray(), Cancellation);
        var end = await job.EndAsync(Cancellation);
        Assert.Equal(("ready\nwent on\n", 5), (end.Output, end.ExitCode));
    }

    [Fact]
    public async Task A_signal_reaches_a_job_after_it_moved()
    {
        var name = cluster.NewName("signalled");
        await using var job = cluster.Start(IsobarCluster.Home, ["isobar", "run", "--home", "--name", name, "sh", "-c", "trap 'echo usr1' USR1; trap 'echo term; exit 4' TERM; echo ready; while :; do sleep 0.02; done"]);
        await job.SaysAsync("ready", Cancellation);
        await cluster.MoveAsync(name, "beta");
        await cluster.IsobarAsync(IsobarCluster.Home, "kill", "-s", "USR1", name);
        await job.SaysAsync("usr1", Cancellation);
        await cluster.IsobarAsync(IsobarCluster.Home, "kill", name);
        var end = await job.EndAsync(Cancellation);
        Assert.Equal(("ready\nusr1\nterm\n", 4), (end.Output, end.ExitCode));
    }

    [Fact]
    public async Task The_ledger_has_a_line_for_each_move()
    {
        var name = cluster.NewName("ledger");
        await cluster.IsobarAsync(IsobarCluster.Home, "run", "--detach", "--home", "--name", name, "sleep", "1000");
        await cluster.MoveAroundAsync(name);
        var moves = await cluster.MovesAsync(name);
        Assert.Equal([("alpha", "beta"), ("beta", "gamma"), ("gamma", "alpha")], moves.Select(move => (move.From, move.To)));
        Assert.All(moves, move =>
        {
            Assert.True(move.Committed);
            Assert.True(move.Bytes > 10_000, $"{move.Bytes} bytes");
            Assert.InRange(move.FreezeSeconds, 0.001, move.TotalSeconds);
            Assert.NotEmpty(move.Why);
        });
        Assert.Equal(3, (await cluster.StatusAsync(name)).Moves);
        var table = await cluster.IsobarAsync(IsobarCluster.Home, "moves", name);
        Assert.Equal(4, table.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        await cluster.IsobarAsync(IsobarCluster.Home, "kill", name);
    }

    [Theory]
    [InlineData("migrate", "no-such-job", "beta")]
    [InlineData("kill", "no-such-job")]
    [InlineData("run", "--on", "no-such-node", "true")]
    [InlineData("run", "--on", "beta", "--home", "true")]
    [InlineData("no-such-verb")]
    public async Task What_cannot_be_done_is_125_and_says_why(params string[] arguments)
    {
        var result = await cluster.RunAsync(IsobarCluster.Home, ["isobar", .. arguments]);
        Assert.Equal(125, result.ExitCode);
        Assert.NotEmpty(result.Error);
    }

    [Fact]
    public async Task Best_is_a_node_of_the_cluster_and_home_is_home()
    {
        var name = cluster.NewName("best");
        await cluster.IsobarAsync(IsobarCluster.Home, "run", "--detach", "--name", name, "sleep", "1000");
        Assert.Contains((await cluster.StatusAsync(name)).Node, (string[])["alpha", "beta", "gamma"]);
        await cluster.IsobarAsync(IsobarCluster.Home, "kill", name);
    }
}
