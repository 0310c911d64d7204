using Isobar.Linux.Fuse;

namespace Isobar.Linux.Tests.Fuse;

/// <summary>What becomes of a view when its connections break or are refused.</summary>
public class ConnectionTests
{
    private static readonly FileViewMountOptions Quick = new() { ShortestPause = TimeSpan.FromMilliseconds(5), LongestPause = TimeSpan.FromMilliseconds(20) };

    [Fact(Timeout = 120_000)]
    public async Task Appends_renames_and_directories_survive_cuts_without_loss_or_doubling()
    {
        await using var view = await MountedView.CreateAsync(options: Quick, cancellation: TestContext.Current.CancellationToken);
        var work = view.PythonAsync(
            """
            import os
            f = os.open('log', os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            for i in range(1500):
                os.write(f, b'%06d\n' % i)
                os.mkdir('d%d' % i)
                os.rename('d%d' % i, 'e%d' % i)
                os.link('log', 'l%d' % i)
                os.unlink('l%d' % i)
                open('log').close()
            """);
        var cuts = 0;
        while (!work.IsCompleted)
        {
            await Task.Delay(Random.Shared.Next(5, 40), TestContext.Current.CancellationToken);
            cuts += view.Server.Cut();
        }

        await work;
        Assert.InRange(cuts, 10, int.MaxValue);
        Assert.True(view.Mount.Statistics.Reconnections >= 10);
        Assert.Equal(
            Enumerable.Range(0, 1500).Select(i => $"{i:D6}"), await File.ReadAllLinesAsync(view.AtHome("log"), TestContext.Current.CancellationToken));
        Assert.Equal(1500, Directory.GetDirectories(view.Home, "e*").Length);
        Assert.Equal(1501, Directory.GetFileSystemEntries(view.Home).Length);
    }

    [Fact(Timeout = 120_000)]
    public async Task Bulk_data_survives_cuts()
    {
        await using var view = await MountedView.CreateAsync(options: Quick, cancellation: TestContext.Current.CancellationToken);
        var work = view.PythonAsync(
            """
            import os, hashlib, random
            random.seed(1)
            data = random.randbytes(1 << 20)
            for round in range(40):
                with open('f', 'wb', 0) as f:
                    for i in range(8): f.write(data[i * 1000:] + data[:i * 1000])
                with open('f', 'rb') as f:
                    for i in range(8): assert f.read(1 << 20) == data[i * 1000:] + data[:i * 1000]
            """);
        var cuts = 0;
        while (!work.IsCompleted)
        {
            await Task.Delay(Random.Shared.Next(5, 60), TestContext.Current.CancellationToken);
            cuts += view.Server.Cut();
        }

        await work;
        Assert.InRange(cuts, 5, int.MaxValue);
    }

    [Fact(Timeout = 60_000)]
    public async Task Open_files_and_forgets_are_not_lost_over_cuts()
    {
        await using var view = await MountedView.CreateAsync(options: Quick, cancellation: TestContext.Current.CancellationToken);
        var work = view.PythonAsync("for i in range(3000): open('f%d' % (i % 100), 'w').close()");
        while (!work.IsCompleted)
        {
            await Task.Delay(20, TestContext.Current.CancellationToken);
            view.Server.Cut();
        }

        await work;
        await view.ShellAsync("rm f*; ls");
        await File.WriteAllTextAsync("/proc/sys/vm/drop_caches", "2", TestContext.Current.CancellationToken);
        for (var i = 0; i < 100 && view.Server.Server.FileCounts != (1, 0); i++)
            await Task.Delay(50, TestContext.Current.CancellationToken);
        Assert.Equal((1, 0), view.Server.Server.FileCounts);
    }

    [Fact(Timeout = 60_000)]
    public async Task Requests_wait_while_home_is_away()
    {
        await using var view = await MountedView.CreateAsync(options: Quick, cancellation: TestContext.Current.CancellationToken);
        await view.ShellAsync("echo 1 > f");
        view.Server.Refusal = new IOException("no route");
        view.Server.Cut();
        var work = view.ShellAsync("cat f; echo 2 > g");
        await Task.Delay(1500, TestContext.Current.CancellationToken);
        Assert.False(work.IsCompleted);
        view.Server.Refusal = null;
        Assert.Equal("1\n", await work);
        Assert.True(File.Exists(view.AtHome("g")));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_connection_that_died_without_a_word_is_made_anew()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var home = Directory.CreateTempSubdirectory("isobar-view-").FullName;
        var view = Directory.CreateTempSubdirectory("isobar-view-").FullName;
        var connections = new System.Collections.Concurrent.ConcurrentQueue<SilentStream>();
        await using (var server = new LoopbackHome(home))
        {
            var options = Quick with { SignOfLife = TimeSpan.FromMilliseconds(200) };
            await using var mount = await FileViewMount.MountAsync(
                view,
                async token =>
                {
                    var stream = new SilentStream(await server.ConnectAsync(token));
                    connections.Enqueue(stream);
                    return stream;
                },
                options,
                cancellation);
            await MountedView.RunAsync("/bin/sh", ["-c", "echo 1 > f"], view);
            await Task.Delay(1500, cancellation);

            // Signs of life keep an idle connection.
            Assert.Equal(0, mount.Statistics.Reconnections);
            foreach (var connection in connections)
                connection.Silence();
            await MountedView.RunAsync("/bin/sh", ["-c", "for i in $(seq 20); do echo $i >> f; done; mkdir d"], view);
            Assert.Equal(2, mount.Statistics.Reconnections);
            Assert.Equal(21, File.ReadLines(Path.Combine(home, "f")).Count());
        }

        Directory.Delete(view);
        Directory.Delete(home, recursive: true);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_refusal_ends_the_view()
    {
        await using var view = await MountedView.CreateAsync(options: Quick, cancellation: TestContext.Current.CancellationToken);
        await view.ShellAsync("echo 1 > f");
        view.Server.Refusal = new FileViewRefusedException("fenced");
        var work = view.ShellAsync("exec 3< f; while cat f > /dev/null; do sleep 0.01; done; ! cat <&3 2> /dev/null");
        await Task.Delay(300, TestContext.Current.CancellationToken);
        view.Server.Cut();
        await Assert.ThrowsAsync<FileViewRefusedException>(() => view.Mount.Completion.WaitAsync(TestContext.Current.CancellationToken));
        var failure = await Record.ExceptionAsync(() => work);
        Assert.Contains("not connected", failure is null ? "not connected" : failure.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact(Timeout = 60_000)]
    public async Task An_older_incarnation_is_fenced()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var view = await MountedView.CreateAsync(options: Quick with { Incarnation = 3 }, cancellation: cancellation);
        await view.ShellAsync("echo 1 > f");
        await view.Server.Server.FenceAsync(3);
        await view.ShellAsync("echo 2 > f");
        await view.Server.Server.FenceAsync(4);
        await Assert.ThrowsAsync<FileViewRefusedException>(() => view.Mount.Completion.WaitAsync(cancellation));
        await Assert.ThrowsAnyAsync<Exception>(() => view.ShellAsync("echo 3 > f"));
        Assert.Equal("2\n", await File.ReadAllTextAsync(view.AtHome("f"), cancellation));
    }

    [Fact(Timeout = 60_000)]
    public async Task The_end_of_a_view_closes_its_files_at_home()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var view = await MountedView.CreateAsync(cancellation: cancellation);
        await using (var other = await view.AnotherAsync())
        {
            await other.ShellAsync("echo 1 > f; ls");
            Assert.True(view.Server.Server.FileCounts.Known > 2);
        }

        for (var i = 0; i < 100 && view.Server.Server.FileCounts.Known > 1; i++)
            await Task.Delay(20, cancellation);
        Assert.Equal((1, 0), view.Server.Server.FileCounts);
    }
}
