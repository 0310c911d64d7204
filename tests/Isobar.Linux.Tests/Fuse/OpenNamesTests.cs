using System.Diagnostics;
using Isobar.Linux.Fuse;

namespace Isobar.Linux.Tests.Fuse;

/// <summary>What home does to the names of files that a guest's processes hold is known to the guest's kernel when it matters.</summary>
public sealed class OpenNamesTests
{
    [Fact(Timeout = 60_000)]
    public async Task Names_that_home_changed_are_put_right()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var view = await MountedView.CreateAsync(cancellation: cancellation);
        await using var holder = await Holder.StartAsync(view, "mkdir -p folder/inner; cd folder/inner; echo old > ../../data; ln ../../data ../../kept; exec 3< ../../data; exec 4< ../..; exec 5< ../../folder", cancellation);
        Assert.Equal(["/folder/inner", "/data", "/", "/folder"], holder.Names());

        Directory.Move(view.AtHome("folder"), view.AtHome("renamed"));
        File.Delete(view.AtHome("data"));
        await File.WriteAllTextAsync(view.AtHome("data"), "new", cancellation);
        Assert.Equal(["/folder/inner", "/data", "/", "/folder"], holder.Names());
        Assert.Equal(3, await OpenNames.FreshenAsync([holder.Pid], cancellation));
        Assert.Equal(["/renamed/inner", "/data (deleted)", "/", "/renamed"], holder.Names());

        // All is right: no waiting.
        var clock = Stopwatch.StartNew();
        Assert.Equal(0, await OpenNames.FreshenAsync([holder.Pid], cancellation));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(1), $"{clock.Elapsed}");
        Assert.Equal("old", (await MountedView.RunAsync("/bin/cat", [$"/proc/{holder.Pid}/fd/3"], "/")).Trim());
    }

    [Fact(Timeout = 60_000)]
    public async Task A_name_that_another_folder_got_does_not_hide_the_renamed_one()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var view = await MountedView.CreateAsync(cancellation: cancellation);
        await using var holder = await Holder.StartAsync(view, "mkdir folder other; cd folder; exec 3< . ; exec 4< .. ; exec 5< ../other", cancellation);
        Directory.Move(view.AtHome("folder"), view.AtHome("other/folder"));
        Directory.CreateDirectory(view.AtHome("folder"));
        await OpenNames.FreshenAsync([holder.Pid], cancellation);
        Assert.Equal(["/other/folder", "/other/folder", "/", "/other"], holder.Names());
        Assert.Equal("", await view.ShellAsync("ls folder"));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_file_where_its_user_may_not_walk_any_more_is_not_looked_for_in_vain()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var view = await MountedView.CreateAsync(new FileCredentials(1000, 1001, []), cancellation: cancellation);
        await MountedView.RunAsync("/bin/chown", ["1000:1001", view.Home], "/");
        await using var holder = await Holder.StartAsync(view, "mkdir shut open; echo x > shut/kept; echo y > open/moved; exec 3< shut/kept 4< open/moved 5< /", cancellation);
        await MountedView.RunAsync("/bin/chown", ["0:0", view.AtHome("shut")], "/");
        await MountedView.RunAsync("/bin/chmod", ["700", view.AtHome("shut")], "/");
        var clock = Stopwatch.StartNew();
        Assert.Equal(0, await OpenNames.FreshenAsync([holder.Pid], cancellation));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(1), $"{clock.Elapsed}");

        // One that was moved there is nowhere that he could find it.
        File.Move(view.AtHome("open/moved"), view.AtHome("shut/moved"));
        Assert.Equal(1, await OpenNames.FreshenAsync([holder.Pid], cancellation));
        Assert.Equal(["/", "/shut/kept", "/open/moved (deleted)", "/"], holder.Names());
    }

    /// <summary>A shell in the view as its root, as a job is, that holds files and waits.</summary>
    private sealed class Holder : IAsyncDisposable
    {
        private readonly Process _process;

        private Holder(Process process) => _process = process;

        public int Pid => _process.Id;

        public static async Task<Holder> StartAsync(MountedView view, string script, CancellationToken cancellation)
        {
            // Names are told from the root of the mount namespace on, which a job's view is.
            const string Enter = """
                set -e
                mount --bind "$1" "$1"; cd "$1"; mkdir -p .old usr; mount --bind /usr usr; for i in bin lib lib64; do ln -sfn usr/$i $i; done
                pivot_root . .old; cd /
                """;
            var start = new ProcessStartInfo("/usr/bin/unshare", ["--mount", "--propagation", "private", "/bin/bash", "-c", $"{Enter}\n{script}\necho ready; read x", "holder", view.View])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            };
            var process = Process.Start(start)!;
            Assert.Equal("ready", await process.StandardOutput.ReadLineAsync(cancellation));
            return new Holder(process);
        }

        /// <summary>Of the working folder and descriptors 3 to 5.</summary>
        public string[] Names() => [.. ((string[])["cwd", "fd/3", "fd/4", "fd/5"]).Select(link => new FileInfo($"/proc/{Pid}/{link}").LinkTarget ?? "")];

        public async ValueTask DisposeAsync()
        {
            _process.StandardInput.Close();
            await _process.WaitForExitAsync(CancellationToken.None);
            _process.Dispose();
        }
    }
}
