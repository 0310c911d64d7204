using System.Diagnostics;
using System.Text.Json;

namespace Isobar.FileView.Bench;

/// <summary>The measurements, made in a process of their own in a directory; prints them as JSON.</summary>
internal sealed class Workload(string directory, double scale)
{
    private const int Block = 4096;
    private readonly List<Measurement> _results = [];
    private readonly byte[] _megabyte = new byte[1 << 20];
    private readonly Random _random = new(7);

    public static async Task RunAsync(string directory, double scale)
    {
        var workload = new Workload(directory, scale);
        workload._random.NextBytes(workload._megabyte);
        workload.Bulk();
        workload.SmallTransfers();
        workload.Metadata();
        await workload.TreesAsync();
        Console.WriteLine(JsonSerializer.Serialize(workload._results, BenchJson.Default.ListMeasurement));
    }

    private static void DropCaches() => File.WriteAllText("/proc/sys/vm/drop_caches", "3");

    private int Times(int count) => Math.Max(1, (int)(count * scale));

    private string At(string name) => Path.Combine(directory, name);

    private void Rate(string name, int count, Action<int> action)
    {
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < count; i++)
            action(i);
        Add(name, "/s", count / watch.Elapsed.TotalSeconds);
    }

    private void Add(string name, string unit, double value)
    {
        _results.Add(new Measurement(name, unit, value));
        Console.Error.WriteLine($"  {name,-44} {value,12:n1} {unit}");
    }

    private void Bulk()
    {
        var blocks = Times(256);
        var watch = Stopwatch.StartNew();
        using (var file = File.OpenHandle(At("bulk"), FileMode.Create, FileAccess.Write))
        {
            for (var i = 0; i < blocks; i++)
                RandomAccess.Write(file, _megabyte, (long)i << 20);
            RandomAccess.FlushToDisk(file);
        }

        Add("write 256 MiB and fsync", "MB/s", blocks * 1.048576 / watch.Elapsed.TotalSeconds);
        DropCaches();
        ReadAll("read 256 MiB, cold", blocks);
        ReadAll("read 256 MiB, again", blocks);
    }

    private void ReadAll(string name, int blocks)
    {
        var watch = Stopwatch.StartNew();
        using (var file = File.OpenHandle(At("bulk")))
        {
            for (var i = 0; i < blocks; i++)
                _ = RandomAccess.Read(file, _megabyte, (long)i << 20);
        }

        Add(name, "MB/s", blocks * 1.048576 / watch.Elapsed.TotalSeconds);
    }

    private void SmallTransfers()
    {
        var block = _megabyte.AsMemory(0, Block);
        using (var file = File.OpenHandle(At("small"), FileMode.Create, FileAccess.Write))
            Rate("write 4 KiB, in order", Times(20_000), i => RandomAccess.Write(file, block.Span, (long)i * Block));
        using (var file = File.OpenHandle(At("small"), FileMode.Create, FileAccess.Write, FileShare.Read, FileOptions.WriteThrough))
            Rate("write 4 KiB, O_SYNC", Times(1_000), i => RandomAccess.Write(file, block.Span, (long)i * Block));
        DropCaches();
        var span = Times(256) * (1 << 20) / Block;
        using (var file = File.OpenHandle(At("bulk"), options: FileOptions.RandomAccess))
            Rate("read 4 KiB at random, cold", Times(3_000), _ => RandomAccess.Read(file, block.Span, (long)_random.Next(span) * Block));
    }

    private void Metadata()
    {
        var count = Times(2_000);
        var block = _megabyte.AsMemory(0, Block);
        Directory.CreateDirectory(At("many"));
        Rate("create, write 4 KiB, close", count, i =>
        {
            using var file = File.OpenHandle(At($"many/f{i}"), FileMode.CreateNew, FileAccess.Write);
            RandomAccess.Write(file, block.Span, 0);
        });
        DropCaches();
        Rate("stat, cold", count, i => File.GetAttributes(At($"many/f{i}")));
        Rate("stat, again", count * 10, i => File.GetAttributes(At($"many/f{i % count}")));
        DropCaches();
        Rate("open, read 4 KiB, close, cold", count, ReadSmall);
        Rate("open, read 4 KiB, close, again", count, ReadSmall);
        var watch = Stopwatch.StartNew();
        DropCaches();
        watch.Restart();
        foreach (var file in new DirectoryInfo(At("many")).EnumerateFiles())
            _ = file.Length;
        Add("list a directory with attributes, entries", "/s", count / watch.Elapsed.TotalSeconds);
        Rate("rename", count, i => File.Move(At($"many/f{i}"), At($"many/g{i}"), overwrite: true));
        Rate("remove", count, i => File.Delete(At($"many/g{i}")));
        File.Copy("/bin/true", At("true"));
        Rate("start a program", Times(50), _ => Run(At("true"), []));

        void ReadSmall(int i)
        {
            using var file = File.OpenHandle(At($"many/f{i}"));
            _ = RandomAccess.Read(file, _megabyte.AsSpan(0, Block), 0);
        }
    }

    private async Task TreesAsync()
    {
        var archive = Path.Combine(Path.GetTempPath(), $"bench-{Environment.ProcessId}.tar");
        Run("tar", ["cf", archive, "-C", "/usr/include", "linux"]);
        try
        {
            Timed("unpack a tar of /usr/include/linux", () => Run("tar", ["xf", archive, "-C", directory]));
            DropCaches();
            Timed("tar it, cold", Pack);
            Timed("tar it, again", Pack);
            await Task.Delay(1200);
            Timed("tar it, after a second", Pack);
        }
        finally
        {
            File.Delete(archive);
        }

        // GNU tar does not read files when it sees that the archive is /dev/null.
        void Pack() => Run("sh", ["-c", "tar cf - -C \"$0\" linux | cat > /dev/null", directory]);
    }

    private void Timed(string name, Action action)
    {
        var watch = Stopwatch.StartNew();
        action();
        Add(name, "s", watch.Elapsed.TotalSeconds);
    }

    private static void Run(string program, string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} ended with {process.ExitCode}.");
    }
}
