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
        await using var holder = await ViewHolder.StartAsync(view, "mkdir -p folder/inner; cd folder/inner; echo old > ../../data; ln ../../data ../../kept; exec 3< ../../data; exec 4< ../..; exec 5< ../../folder", cancellation);
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
        await using var holder = await ViewHolder.StartAsync(view, "mkdir folder other; cd folder; exec 3< . ; exec 4< .. ; exec 5< ../other", cancellation);
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
        await using var holder = await ViewHolder.StartAsync(view, "mkdir shut open; echo x > shut/kept; echo y > open/moved; exec 3< shut/kept 4< open/moved 5< /", cancellation);
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
}
