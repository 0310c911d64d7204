using Isobar.Linux.Fuse;

namespace Isobar.Linux.Tests.Fuse;

/// <summary>A guest may know many more files than home has descriptors for.</summary>
public class DescriptorLimitTests
{
    private static readonly FileViewServerOptions Few = new() { KnownFileDescriptors = 32 };

    [Theory(Timeout = 90_000)]
    [InlineData(0)]
    [InlineData(1000)]
    public async Task Files_beyond_the_limit_are_found_again(uint uid)
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var view = await MountedView.CreateAsync(new FileCredentials(uid, uid, []), serving: Few, cancellation: cancellation);
        await MountedView.RunAsync("/bin/bash", ["-euc", $"mkdir t; for d in $(seq 20); do mkdir t/$d; for f in $(seq 30); do echo $d.$f > t/$d/$f; done; done; chown -R {uid}:{uid} ."], view.Home);
        await view.ShellAsync(
            """
            exec 5< t/7/7 6>> t/8/8; cd t/9
            for round in 1 2; do
              for d in $(seq 20); do for f in $(seq 30); do read x < ../$d/$f; [ $x = $d.$f ] || exit 9; done; done
            done
            cd ../3; ls -lR .. | grep -c ^- | grep -qx 600
            read x <&5; [ $x = 7.7 ]; echo more >&6; grep -q more ../8/8
            """);
        Assert.InRange(view.Server.Server.KnownFileDescriptors, 1, 64);
        Assert.InRange(view.Server.Server.FileCounts.Known, 600, 700);

        // Renamed, removed and replaced at home while no descriptor holds them.
        await MountedView.RunAsync("/bin/bash", ["-euc", "mv t/1 moved; rm t/2/*; for f in $(seq 30); do echo new$f > t/2/n$f; done; mv t/4/4 t/4/four"], view.Home);
        await Task.Delay(1100, cancellation);
        await view.ShellAsync("[ $(cat moved/5) = 1.5 ]; [ ! -e t/1 ]; [ $(ls t/2 | wc -l) = 30 ]; for f in $(seq 30); do [ $(cat t/2/n$f) = new$f ]; done; [ $(cat t/4/four) = 4.4 ]; rm -rf t moved; [ -z \"$(ls)\" ]");
    }
}
