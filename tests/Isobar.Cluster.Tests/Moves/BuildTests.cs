using Isobar.Cluster.Tests.Cluster;
using Isobar.Cluster.Tests.Hosts;

namespace Isobar.Cluster.Tests.Moves;

/// <summary>The build of a real C package: configure, make -j2 with many short processes, its own tests.</summary>
[Collection(SharedCluster.Name)]
public sealed class BuildTests(IsobarCluster cluster)
{
    // -g0 and no time stamps, so that two builds in different folders are equal bit for bit.
    private const string Build = "./configure > log 2>&1 && make -j2 CFLAGS='-O3 -g0' >> log 2>&1 && make test >> log 2>&1; echo $?; sha256sum libz.a libz.so minigzip example examplesh";

    [Fact]
    public async Task A_parallel_make_builds_the_same_library()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var archive = Directory.GetFiles(Path.Combine(Repository.Root, "out", "sources"), "zlib_*.orig.tar.*").Single();
        var unmoved = await BuildAsync(archive);
        await using var plain = cluster.Start(IsobarCluster.Home, ["sh", "-c", Build], unmoved);
        var expected = await plain.EndAsync(cancellation);
        Assert.StartsWith("0\n", expected.Output, StringComparison.Ordinal);

        var moved = await BuildAsync(archive);
        var name = cluster.NewName("build");
        await using var job = cluster.Start(IsobarCluster.Home, ["isobar", "run", "--home", "--name", name, "sh", "-c", Build], moved);
        await cluster.RunsAsync(name);
        // Once in configure, and twice while make has its compilers running.
        await cluster.MoveAsync(name, "beta");
        await Waiting.ForAsync(() => File.Exists(cluster.Seen(IsobarCluster.Home, $"{moved}/adler32.o")), () => "the first object file", cancellation);
        await cluster.MoveAsync(name, "gamma");
        await cluster.MoveAsync(name, "home");
        var actual = await job.EndAsync(cancellation);

        Assert.True(expected.Output == actual.Output, $"{actual.Output}{actual.Error}{(await cluster.ShAsync(IsobarCluster.Home, $"tail -n 20 {moved}/log")).Output}");
    }

    private async Task<string> BuildAsync(string archive)
    {
        // Into the host first, which need not see the folder of this repository.
        var folder = cluster.NewFolder();
        var packed = $"{folder}/{Path.GetFileName(archive)}";
        File.Copy(archive, cluster.Seen(IsobarCluster.Home, packed));
        var result = await cluster.RunAsync(IsobarCluster.Home, "tar", "-x", "-f", packed, "-C", folder, "--strip-components=1");
        Assert.True(result.ExitCode == 0, result.Error);
        return folder;
    }
}
