using System.Globalization;
using Isobar.Cluster.Tests.Cluster;

namespace Isobar.Cluster.Tests.Moves;

/// <summary>The image of an arriving job is given back as it is read: its target never holds the job's memory twice.</summary>
[Collection(SharedCluster.Name)]
public sealed class MemoryOnceTests(IsobarCluster cluster)
{
    private const long Megabyte = 1 << 20;
    private const long JobBytes = 500 * Megabyte;

    // CRIU reads 128 MiB before it gives them back; the rest is what the processes of a move and of the job need.
    private const long MoveBytes = 240 * Megabyte;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("private", "mmap.MAP_PRIVATE")]
    [InlineData("shared", "mmap.MAP_SHARED")]
    public async Task A_target_needs_the_memory_of_an_arriving_job_once(string kind, string flag)
    {
        var name = cluster.NewName($"once-{kind}");
        var program = $"""
            import mmap, os, sys, zlib
            b = mmap.mmap(-1, {JobBytes}, flags={flag} | mmap.MAP_ANONYMOUS)
            for i in range(0, {JobBytes}, {Megabyte}): b[i:i+{Megabyte}] = os.urandom({Megabyte})
            print('filled', zlib.crc32(b), flush=True)
            sys.stdin.readline()
            print('holds', zlib.crc32(b), flush=True)
            sys.stdin.readline()
            """;
        await using var process = cluster.Start(IsobarCluster.Home, ["isobar", "run", "--home", "--name", name, "python3", "-c", program]);
        await process.SaysAsync("filled", Cancellation);
        // One that is kept from an earlier job gives its memory back at some time or other.
        await cluster.ShAsync("beta", "pkill -f '^isobar-supervisor idle'; while pgrep -f '^isobar-supervisor idle' > /dev/null; do sleep 0.05; done");
        var before = Used("beta");
        using var moved = new CancellationTokenSource();
        var most = Task.Run(() => MostUsedAsync("beta", moved.Token), Cancellation);
        await cluster.MoveAsync(name, "beta");
        await moved.CancelAsync();
        var peak = await most - before;
        await process.Input.WriteAsync("\n"u8.ToArray(), Cancellation);
        await process.Input.FlushAsync(Cancellation);
        await process.SaysAsync("holds", Cancellation);
        var held = await HeldByJobAsync("beta");
        Assert.True(held > JobBytes, $"the job holds only {held / Megabyte} MiB on its target");
        Assert.True(peak < JobBytes + MoveBytes, $"the target used {peak / Megabyte} MiB for a job of {JobBytes / Megabyte} MiB");
        var words = (await process.EndAsync(Cancellation)).Output.Split(' ', '\n');
        Assert.Equal(("filled", "holds", words[1]), (words[0], words[2], words[3]));
    }

    // Asked of the job itself: the host's use before and after also differs by what others give back meanwhile. Shared pages count as resident only once
    // the job has read them.
    private async Task<long> HeldByJobAsync(string host)
    {
        var kilobytes = await cluster.ShAsync(host, "for p in $(pgrep -f '[o]s.urandom'); do sed -n 's/^VmRSS:[^0-9]*\\([0-9]*\\) kB/\\1/p' /proc/$p/status; done | sort -n | tail -n 1");
        return long.Parse(kilobytes.Output, CultureInfo.InvariantCulture) * 1024;
    }

    private async Task<long> MostUsedAsync(string host, CancellationToken cancellationToken)
    {
        long most = 0;
        while (!cancellationToken.IsCancellationRequested)
        {
            most = Math.Max(most, Used(host));
            await Task.Delay(2, CancellationToken.None);
        }

        return most;
    }

    private long Used(string host)
    {
        var files = cluster.Sandbox.Host(host).Groups.SelectMany(group => (string[])[$"{group}/memory.current", $"{group}/memory.usage_in_bytes"]);
        return long.Parse(File.ReadAllText(files.First(File.Exists)), CultureInfo.InvariantCulture);
    }
}
