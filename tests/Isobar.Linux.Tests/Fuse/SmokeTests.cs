namespace Isobar.Linux.Tests.Fuse;

public class SmokeTests
{
    [Fact(Timeout = 60_000)]
    public async Task Files_written_in_the_view_are_at_home_and_the_other_way_round()
    {
        await using var view = await MountedView.CreateAsync();
        await view.ShellAsync("echo hello > a; mkdir d; echo x > d/y; ls -la; cat a; mv a b; ln b c; stat c; rm b; df .");
        Assert.Equal("hello\n", await File.ReadAllTextAsync(view.AtHome("c"), TestContext.Current.CancellationToken));
        await File.WriteAllTextAsync(view.AtHome("new"), "from home", TestContext.Current.CancellationToken);
        Assert.Equal("from home", await view.ShellAsync("cat new"));
    }
}
