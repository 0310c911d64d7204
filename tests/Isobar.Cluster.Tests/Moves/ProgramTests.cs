using Isobar.Cluster.Tests.Cluster;

namespace Isobar.Cluster.Tests.Moves;

/// <summary>Programs that judge themselves, moved from alpha to beta, to gamma and home again while they run.</summary>
[Collection(SharedCluster.Name)]
public sealed class ProgramTests(IsobarCluster cluster)
{
    [Theory]
    [InlineData("two processes with shared memory and futexes", "./shared GATE")]
    [InlineData("threads", "./threads GATE")]
    [InlineData("unlinked, mapped, locked and renamed files", "./files GATE FOLDER", "all is open")]
    [InlineData("memory", "./memory GATE 64")]
    [InlineData("a shell script with children", "sh children.sh GATE FOLDER")]
    [InlineData("python", "python3 program.py GATE")]
    [InlineData("node", "node program.js GATE")]
    [InlineData("java", "java Program.java GATE", "java has started")]
    [InlineData("dotnet", "dotnet dotnet/DotnetProgram.dll GATE")]
    public async Task A_moved_program_ends_as_an_unmoved_one(string what, string command, string started = "")
    {
        var unmoved = await UnmovedAsync(command, started);
        Assert.DoesNotContain("WRONG", unmoved.Output, StringComparison.Ordinal);

        var name = cluster.NewName("program");
        var gate = $"{cluster.NewFolder()}/gate";
        await using var job = cluster.Start(IsobarCluster.Home, ["isobar", "run", "--home", "--name", name, .. Words(command, gate, cluster.NewFolder())]);
        await cluster.RunsAsync(name);
        // A compiler comes before java's program, which would else be moved before it has begun.
        await job.SaysAsync(started, TestContext.Current.CancellationToken);
        await cluster.MoveAroundAsync(name);
        await File.WriteAllTextAsync(cluster.Seen(IsobarCluster.Home, gate), "", TestContext.Current.CancellationToken);
        var moved = await job.EndAsync(TestContext.Current.CancellationToken);

        Assert.True((unmoved.Output, unmoved.ExitCode) == (moved.Output, moved.ExitCode), $"{what}: {moved.ExitCode}\n{moved.Output}{moved.Error}");
        Assert.Equal(["beta", "gamma", "alpha"], (await cluster.MovesAsync(name)).Where(move => move.Committed).Select(move => move.To));
    }

    private async Task<Hosts.HostResult> UnmovedAsync(string command, string started)
    {
        var gate = $"{cluster.NewFolder()}/gate";
        await using var process = cluster.Start(IsobarCluster.Home, Words(command, gate, cluster.NewFolder()));
        await process.SaysAsync(started, TestContext.Current.CancellationToken);
        await Task.Delay(TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(cluster.Seen(IsobarCluster.Home, gate), "", TestContext.Current.CancellationToken);
        return await process.EndAsync(TestContext.Current.CancellationToken);
    }

    private static string[] Words(string command, string gate, string folder) =>
        [.. command.Split(' ').Select(word => word switch { "GATE" => gate, "FOLDER" => folder, _ => word })];
}
