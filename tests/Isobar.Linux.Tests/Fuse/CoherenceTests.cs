namespace Isobar.Linux.Tests.Fuse;

/// <summary>Close-to-open consistency between home and guests.</summary>
public class CoherenceTests
{
    [Fact(Timeout = 60_000)]
    public async Task What_home_wrote_is_seen_at_the_next_open_although_attributes_are_cached()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var view = await MountedView.CreateAsync(cancellation: cancellation);
        var file = view.AtHome("f");
        for (var i = 0; i < 60; i++)
        {
            // Same size in pairs, then longer, then shorter: each must show at once, within the life of cached attributes.
            var text = new string((char)('a' + (i % 26)), 1 + (i / 2 % 3 * 5000));
            await File.WriteAllTextAsync(file, text, cancellation);
            Assert.Equal(text, await ReadAsync(view.At("f"), cancellation));
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task Two_guests_see_each_other()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var one = await MountedView.CreateAsync(cancellation: cancellation);
        await using var two = await one.AnotherAsync();
        for (var i = 0; i < 40; i++)
        {
            await File.WriteAllTextAsync((i % 2 == 0 ? one : two).At("f"), $"round {i}", cancellation);
            Assert.Equal($"round {i}", await ReadAsync((i % 2 == 0 ? two : one).At("f"), cancellation));
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task A_growing_file_can_be_followed()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var view = await MountedView.CreateAsync(cancellation: cancellation);
        await File.WriteAllTextAsync(view.AtHome("log"), "", cancellation);
        var follower = view.ShellAsync("timeout 8 tail -f -s 0.1 -n +1 log | head -n 20");
        for (var i = 0; i < 20; i++)
        {
            await File.AppendAllTextAsync(view.AtHome("log"), $"line {i}\n", cancellation);
            await Task.Delay(50, cancellation);
        }

        Assert.Equal(string.Concat(Enumerable.Range(0, 20).Select(i => $"line {i}\n")), await follower);
    }

    [Fact(Timeout = 60_000)]
    public async Task Unchanged_files_are_read_from_home_once()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var view = await MountedView.CreateAsync(cancellation: cancellation);
        await File.WriteAllBytesAsync(view.AtHome("f"), new byte[4 << 20], cancellation);
        await Task.Delay(100, cancellation);
        await view.ShellAsync("cat f > /dev/null");
        var before = view.Mount.Statistics.BytesRead;
        Assert.True(before >= 4 << 20);
        await view.ShellAsync("for i in 1 2 3; do cat f > /dev/null; sleep 0.6; done");
        // The kernel may drop cached pages of its own accord (some machines reclaim memory all the time): once in three times is its right, more is our fault.
        Assert.InRange(view.Mount.Statistics.BytesRead, before, before + (4 << 20));
    }

    [Fact(Timeout = 60_000)]
    public async Task Mapped_changes_are_at_home_after_a_sync()
    {
        const int Size = 48 << 20;
        var cancellation = TestContext.Current.CancellationToken;
        await using var view = await MountedView.CreateAsync(cancellation: cancellation);
        var job = view.PythonAsync(
            $"""
            import mmap, time, os
            f = open('f', 'wb+'); f.truncate({Size}); m = mmap.mmap(f.fileno(), {Size})
            for round in 'abcdef':
                m[:] = round.encode() * {Size}
                open('ready', 'w')
                while os.path.exists('ready'): time.sleep(.02)
            """);
        foreach (var round in "abcdef"u8.ToArray())
        {
            while (!File.Exists(view.AtHome("ready")))
                await Task.Delay(20, cancellation);
            await view.Mount.SyncAsync(cancellation);
            var contents = await File.ReadAllBytesAsync(view.AtHome("f"), cancellation);
            Assert.Equal(Size, contents.AsSpan().Count(round));
            File.Delete(view.AtHome("ready"));
        }

        await job;
    }

    [Fact(Timeout = 60_000)]
    public async Task Inode_numbers_are_the_homes_and_the_same_in_every_view()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var one = await MountedView.CreateAsync(home: "/", cancellation: cancellation);
        await using var two = await one.AnotherAsync();
        Assert.Equal(await InodesAsync("/"), await InodesAsync(one.View));
        var others = await MountedView.RunAsync("/usr/bin/stat", ["-c", "%i", "proc", "sys", "dev/shm", "proc/self/mounts"], one.View);
        Assert.Equal(others.Split('\n').Take(3), (await MountedView.RunAsync("/usr/bin/stat", ["-c", "%i", "proc", "sys", "dev/shm"], two.View)).Split('\n').Take(3));
        Assert.Equal(3, others.Split('\n').Take(3).Distinct().Count());
    }

    private static Task<string> InodesAsync(string root) => MountedView.RunAsync("/usr/bin/stat", ["-c", "%n %i", "usr", "etc", "bin/ls"], root);

    /// <summary>In a process of its own, so that this one's runtime caches nothing.</summary>
    private static async Task<string> ReadAsync(string path, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        return await MountedView.RunAsync("/bin/cat", [path], "/");
    }
}
