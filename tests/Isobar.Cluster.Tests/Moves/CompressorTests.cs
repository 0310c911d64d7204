using System.Diagnostics;
using Isobar.Cluster.Tests.Cluster;

namespace Isobar.Cluster.Tests.Moves;

/// <summary>xz and gzip of a large file that exists only on alpha, and through pipes of which nothing may be lost or doubled.</summary>
[Collection(SharedCluster.Name)]
public sealed class CompressorTests(IsobarCluster cluster)
{
    private const int Megabyte = 1 << 20;
    private const int MostMegabytes = 200;

    /// <summary>So long does the unmoved run take alone: three moves are made meanwhile, with a second run beside it.</summary>
    private static readonly TimeSpan RunTime = TimeSpan.FromSeconds(9);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("xz -9 -T1 -k -c input", 2)]
    [InlineData("xz -6 -T2 --block-size=2MiB -k -c input", 4)]
    [InlineData("gzip -9 -c input", 4)]
    public async Task A_compressor_of_a_large_file_writes_the_same_bytes(string command, int sample)
    {
        var folder = cluster.NewFolder();
        var input = cluster.Seen(IsobarCluster.Home, $"{folder}/input");
        await WriteInputAsync(input, sample);
        // As much as this machine, as busy as it is, compresses in the time wanted.
        var clock = Stopwatch.StartNew();
        await using (var trial = cluster.Start(IsobarCluster.Home, command.Split(' '), folder))
            Assert.Equal(0, (await trial.EndAsync(Cancellation)).ExitCode);
        await WriteInputAsync(input, Math.Clamp((int)(sample * RunTime / clock.Elapsed), sample, MostMegabytes));

        await using var plain = cluster.Start(IsobarCluster.Home, command.Split(' '), folder);
        var name = cluster.NewName("compressor");
        await using var job = cluster.Start(IsobarCluster.Home, ["isobar", "run", "--home", "--name", name, .. command.Split(' ')], folder);
        await cluster.RunsAsync(name);
        await cluster.MoveAroundAsync(name);
        var moved = await job.EndAsync(Cancellation);
        Assert.True(moved.ExitCode == 0, moved.Error);

        var unmoved = await plain.EndAsync(Cancellation);
        Assert.Equal((unmoved.Bytes.Length, unmoved.Digest), (moved.Bytes.Length, moved.Digest));
        Directory.Delete(cluster.Seen(IsobarCluster.Home, folder), recursive: true);
    }

    [Fact]
    public async Task Nothing_is_lost_or_doubled_in_the_pipes_of_a_filter()
    {
        var name = cluster.NewName("filter");
        await using var job = cluster.Start(IsobarCluster.Home, ["isobar", "run", "--home", "--name", name, "cat"]);
        await cluster.RunsAsync(name);
        using var over = new CancellationTokenSource();
        using var sent = new MemoryStream();
        // The pipes are full of something all the time while it moves.
        var feed = Task.Run(
            async () =>
            {
                var random = new Random(5);
                while (!over.IsCancellationRequested)
                {
                    var piece = new byte[random.Next(1, 20_000)];
                    random.NextBytes(piece);
                    await job.Input.WriteAsync(piece, Cancellation);
                    await job.Input.FlushAsync(Cancellation);
                    await sent.WriteAsync(piece, Cancellation);
                }
            },
            Cancellation);
        for (var round = 0; round < 2; round++)
            await cluster.MoveAroundAsync(name);
        await over.CancelAsync();
        await feed;
        var result = await job.EndAsync(Cancellation);

        Assert.Equal(0, result.ExitCode);
        Assert.True(sent.Length > Megabyte, $"only {sent.Length} bytes were sent");
        Assert.Equal(sent.Length, result.Bytes.Length);
        Assert.True(sent.ToArray().AsSpan().SequenceEqual(result.Bytes), "the bytes differ");
    }

    [Fact]
    public async Task Output_that_nobody_reads_waits_and_is_not_lost()
    {
        // The reader of the pipeline starts only when the moves are over; the writer is blocked by a full pipe in all of them.
        var name = cluster.NewName("blocked");
        var gate = $"{cluster.NewFolder()}/gate";
        await using var job = cluster.Start(
            IsobarCluster.Home,
            ["sh", "-c", $"isobar run --home --name {name} seq 1 1000000 | {{ while [ ! -e {gate} ]; do sleep 0.05; done; sha256sum; }}"]);
        await cluster.RunsAsync(name);
        await cluster.MoveAroundAsync(name);
        await File.WriteAllTextAsync(cluster.Seen(IsobarCluster.Home, gate), "", Cancellation);
        var moved = await job.EndAsync(Cancellation);
        Assert.Equal((await cluster.ShAsync(IsobarCluster.Home, "seq 1 1000000 | sha256sum")).Output, moved.Output);
    }

    /// <summary>Bytes that compress by about a third, slowly: base64 of random ones, with repetitions now and then.</summary>
    private static async Task WriteInputAsync(string path, int megabytes)
    {
        var random = new Random(megabytes);
        await using var file = File.Create(path);
        var raw = new byte[Megabyte * 3 / 4];
        var text = new char[Megabyte];
        var bytes = new byte[Megabyte];
        for (var i = 0; i < megabytes; i++)
        {
            random.NextBytes(raw);
            raw.AsSpan(0, 60_000).CopyTo(raw.AsSpan(random.Next(60_000, 600_000)));
            Convert.TryToBase64Chars(raw, text, out _);
            System.Text.Encoding.ASCII.GetBytes(text, bytes);
            await file.WriteAsync(bytes, Cancellation);
        }
    }
}
