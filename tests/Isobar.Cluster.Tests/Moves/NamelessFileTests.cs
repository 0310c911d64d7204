using Isobar.Cluster.Tests.Cluster;
using Isobar.Cluster.Tests.Hosts;

namespace Isobar.Cluster.Tests.Moves;

/// <summary>Files without a name are made again at each move; jobs that are moved at the same moment must not take each other's.</summary>
[Collection(SharedCluster.Name)]
public sealed class NamelessFileTests(IsobarCluster cluster)
{
    private const int Jobs = 3;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("root", "")]
    [InlineData("a user who may not write where his program is", "setpriv --reuid 4711 --regid 4711 --clear-groups")]
    public async Task Jobs_of_one_replaced_program_are_moved_at_the_same_moment(string whose, string prefix)
    {
        var (programs, folder) = (cluster.NewFolder(), cluster.NewFolder());
        var (program, gate) = ($"{programs}/program", $"{programs}/gate");
        await DoAsync($"cp nameless {program} && chmod 777 {folder}");
        var jobs = new List<(string Name, HostProcess Process)>();
        try
        {
            for (var i = 0; i < Jobs; i++)
            {
                var name = cluster.NewName("nameless");
                var process = cluster.Start(IsobarCluster.Home, [.. prefix.Split(' ', StringSplitOptions.RemoveEmptyEntries), "isobar", "run", "--home", "--name", name, program, gate, folder, name]);
                jobs.Add((name, process));
                await process.SaysAsync("all names are lost", Cancellation);
            }

            // As a compiler or a package does it.
            await DoAsync($"cp nameless {program}.new && mv {program}.new {program}");
            foreach (var target in (string[])["beta", "gamma", "home"])
            {
                var moves = await Task.WhenAll(jobs.Select(job => cluster.RunAsync(IsobarCluster.Home, "isobar", "migrate", job.Name, target)));
                Assert.True(moves.All(move => move.ExitCode == 0), $"{whose}, to {target}: {string.Join('\n', moves.Select(move => move.Error))}");
            }

            await File.WriteAllTextAsync(cluster.Seen(IsobarCluster.Home, gate), "", Cancellation);
            foreach (var (name, process) in jobs)
            {
                var end = await process.EndAsync(Cancellation);
                Assert.True((end.Output, end.ExitCode) == ($"all names are lost\n{name} is right after many rounds\n", 0), $"{end.ExitCode}: {end.Output}{end.Error}");
            }

            Assert.Equal("gate\nprogram\n", await DoAsync($"ls -A {programs}"));
            Assert.Equal(jobs.Select(job => job.Name).Order(StringComparer.Ordinal), (await DoAsync($"LC_ALL=C ls -A {folder}")).Split('\n', StringSplitOptions.RemoveEmptyEntries));
        }
        finally
        {
            foreach (var (_, process) in jobs)
                await process.DisposeAsync();
        }
    }

    /// <summary>The guest's kernel keeps the names by which files were found, and hears of home's renames only when it looks again.</summary>
    [Fact]
    public async Task What_home_does_to_the_names_of_a_guests_files_hinders_no_move()
    {
        var folder = cluster.NewFolder();
        var name = cluster.NewName("renamed");
        const string Program = """
            mkdir work && cd work && echo old > ../data && ln ../data ../kept && exec 3< ../data 4< . && echo up
            until [ -e ../gate ]; do sleep 0.05; done
            /bin/pwd; cat <&3; cat ../data
            """;
        await using var job = cluster.Start(IsobarCluster.Home, ["isobar", "run", "--on", "beta", "--stay", "--name", name, "sh", "-c", Program], folder);
        await job.SaysAsync("up", Cancellation);
        await DoAsync($"cd {folder} && mv work elsewhere && mkdir work && echo new > new && mv new data");
        foreach (var target in (string[])["gamma", "home", "beta"])
        {
            await cluster.IsobarAsync(IsobarCluster.Home, "migrate", name, target);
            if (target == "gamma")
                await DoAsync($"cd {folder} && mv elsewhere farther");
        }

        // One try each, none of which froze the job in vain.
        var moves = await cluster.MovesAsync(name);
        Assert.Equal([true, true, true], moves.Select(move => move.Committed));
        await DoAsync($"touch {folder}/gate");
        var end = await job.EndAsync(Cancellation);
        Assert.Equal(($"up\n{folder}/farther\nold\nnew\n", 0), (end.Output, end.ExitCode));
        Assert.Equal("data\nfarther\ngate\nkept\nwork\n", await DoAsync($"LC_ALL=C ls -A {folder}"));
    }

    private async Task<string> DoAsync(string script)
    {
        var done = await cluster.ShAsync(IsobarCluster.Home, script);
        Assert.True(done.ExitCode == 0, done.Error);
        return done.Output;
    }
}
