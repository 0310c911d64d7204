using Isobar.Linux.Fuse;

namespace Isobar.Linux.Tests.Fuse;

/// <summary>What CRIU would ask the home for while a job stands still is known before, or answered here.</summary>
public sealed class HeldPathsTests
{
    // Long, so that nothing depends on how fast this machine is.
    private static readonly FileViewServerOptions Serving = new() { CacheTime = TimeSpan.FromMinutes(5) };

    [Fact(Timeout = 60_000)]
    public async Task Files_that_were_looked_for_are_not_asked_for_again()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var source = await MountedView.CreateAsync(serving: Serving, cancellation: cancellation);
        await using var holder = await ViewHolder.StartAsync(
            source, "mkdir -p one/two/three; echo a > one/two/three/file; echo b > gone; cd one/two; exec 3< three/file 4< /one 5< /gone; rm /gone", cancellation);
        var paths = HeldPaths.Of([holder.Pid]);
        Assert.Equal(["/one", "/one/two", "/one/two/three/file"], paths.Paths.Where(path => path.StartsWith("/one", StringComparison.Ordinal)).Order());
        Assert.DoesNotContain(paths.Paths, path => path.Contains("gone", StringComparison.Ordinal));

        await using var target = await source.AnotherAsync();
        using var through = new CancellationTokenSource();
        await new HeldPaths([.. paths.Paths, "/is/not/there"]).KeepKnownAsync(target.View, forDump: false, through.Token);
        await through.CancelAsync();
        var before = target.Mount.Statistics.Forwarded;
        Assert.True(before > 4, $"{before}");
        await target.ShellAsync("test -f one/two/three/file; test -d one/two");
        Assert.Equal(before, target.Mount.Statistics.Forwarded);

        // For a dump the room is asked for, too.
        using var throughAgain = new CancellationTokenSource();
        await paths.KeepKnownAsync(target.View, forDump: true, throughAgain.Token);
        await throughAgain.CancelAsync();
        Assert.InRange(target.Mount.Statistics.Forwarded - before, 3, paths.Paths.Count + 1);
    }

    [Fact(Timeout = 60_000)]
    public async Task What_the_kernel_has_forgotten_is_looked_for_again_until_it_is_the_end()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var view = await MountedView.CreateAsync(serving: new FileViewServerOptions { CacheTime = TimeSpan.FromMilliseconds(100) }, cancellation: cancellation);
        await File.WriteAllTextAsync(view.AtHome("file"), "x", cancellation);
        using var through = new CancellationTokenSource();
        await new HeldPaths(["/file"]).KeepKnownAsync(view.View, forDump: false, through.Token);
        var once = view.Mount.Statistics.Forwarded;
        await Task.Delay(2000, cancellation);
        var often = view.Mount.Statistics.Forwarded;
        Assert.InRange(often - once, 4, 60);
        await through.CancelAsync();
        await Task.Delay(500, cancellation);
        var end = view.Mount.Statistics.Forwarded;
        await Task.Delay(1000, cancellation);
        Assert.Equal(end, view.Mount.Statistics.Forwarded);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_job_with_very_many_files_does_not_make_a_message_that_nobody_takes()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var view = await MountedView.CreateAsync(serving: Serving, cancellation: cancellation);
        await using var holder = await ViewHolder.StartAsync(
            view, "for i in $(seq 100 400); do n=file-$i-$(printf x%.0s $(seq 200)); echo > $n; eval \"exec $i< $n\"; done", cancellation);
        var paths = HeldPaths.Of([holder.Pid]).Paths;
        Assert.InRange(paths.Sum(path => path.Length), 9_000, 10_000);
    }

    [Fact(Timeout = 60_000)]
    public async Task Room_is_asked_for_once_until_something_is_written()
    {
        await using var view = await MountedView.CreateAsync(serving: Serving, cancellation: TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(view.AtHome("file"), "x", TestContext.Current.CancellationToken);
        const string Room = "os.statvfs('file')";
        const string Write = "os.pwrite(file, b'y', 0)";
        await ForwardedAsync(view, [Room, Write]);
        Assert.InRange(await ForwardedAsync(view, Enumerable.Repeat(Room, 50)) - await ForwardedAsync(view, []), 0, 10);
        var writes = await ForwardedAsync(view, Enumerable.Repeat(Write, 50));
        Assert.InRange(await ForwardedAsync(view, Enumerable.Repeat(Write, 50).SelectMany(write => (string[])[write, Room])) - writes, 45, 55);
    }

    [Fact(Timeout = 60_000)]
    public async Task Closing_what_was_only_read_is_not_told()
    {
        await using var view = await MountedView.CreateAsync(serving: Serving, cancellation: TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(view.AtHome("file"), "x", TestContext.Current.CancellationToken);
        var read = await RequestsAsync(view, "os.close(os.open('file', os.O_RDONLY))");
        var written = await RequestsAsync(view, "os.close(os.open('file', os.O_RDWR))");
        // Kernels before 5.16 tell each close.
        var untold = Environment.OSVersion.Version >= new Version(5, 16) ? 100 : 0;
        Assert.InRange(written - read, untold - 10, untold + 10);
    }

    private static async Task<long> RequestsAsync(MountedView view, string statement)
    {
        await view.PythonAsync($"import os\n{statement}");
        var before = view.Mount.Statistics.Requests;
        await view.PythonAsync($"import os\nfor i in range(100): {statement}");
        return view.Mount.Statistics.Requests - before;
    }

    private static async Task<long> ForwardedAsync(MountedView view, IEnumerable<string> statements)
    {
        var before = view.Mount.Statistics.Forwarded;
        await view.PythonAsync($"import os\nfile = os.open('file', os.O_RDWR)\n{string.Join('\n', statements)}\nos.close(file)");
        return view.Mount.Statistics.Forwarded - before;
    }
}
