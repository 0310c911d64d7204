using System.Globalization;
using System.Text.Json;

namespace Isobar.FileView.Bench;

/// <summary>Runs the workload on each file system and prints what came out side by side.</summary>
internal static class Comparison
{
    private static readonly (string Name, string What)[] Known =
    [
        ("disk", "the local disk itself"),
        ("view", "Isobar's file view over mutual TLS 1.3 on loopback"),
        ("plain", "the same without TLS"),
        ("sshfs", "sshfs, passive, sshfs_sync, to sftp-server by two pipes, without ssh"),
    ];

    public static async Task<int> RunAsync(string[] args)
    {
        var json = After(args, "--json");
        var only = After(args, "--only")?.Split(',');
        var scale = args.Contains("--quick") ? 0.1 : 1.0;
        var rounds = int.Parse(After(args, "--rounds") ?? "3", CultureInfo.InvariantCulture);
        List<Subject> runs = [];

        // In turns, so that a busy quarter of an hour of the machine falls on all alike.
        for (var round = 0; round < rounds; round++)
        {
            foreach (var (name, what) in Known.Where(known => only is null || only.Contains(known.Name)))
            {
                Console.Error.WriteLine($"{name}, {round + 1} of {rounds}: {what}");
                runs.Add(await MeasureAsync(name, what, scale));
            }
        }

        var subjects = runs.GroupBy(run => run.Name).Select(Subject.BestOf).ToList();
        Print(subjects);
        if (json is not null)
        {
            var report = new Report(DateTimeOffset.UtcNow, Environment.OSVersion.VersionString, Environment.ProcessorCount, subjects);
            await File.WriteAllTextAsync(json, JsonSerializer.Serialize(report, BenchJson.Default.Report));
        }

        return 0;
    }

    private static string? After(string[] args, string option) =>
        Array.IndexOf(args, option) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : null;

    private static async Task<Subject> MeasureAsync(string name, string what, double scale)
    {
        var folder = Directory.CreateTempSubdirectory("isobar-bench-").FullName;
        var home = Directory.CreateDirectory(Path.Combine(folder, "home")).FullName;
        var view = Directory.CreateDirectory(Path.Combine(folder, "view")).FullName;
        try
        {
            switch (name)
            {
                case "disk":
                    return new Subject(name, what, await WorkAsync(home, scale));
                case "sshfs":
                    await using (var sshfs = await SshfsMount.CreateAsync(home, view, folder))
                        return new Subject(name, what, await WorkAsync(view, scale)) { MemoryMegabytes = sshfs.MemoryMegabytes, ProcessorSeconds = sshfs.ProcessorSeconds };
                default:
                    if (name == "view")
                        Tls.MakeCertificate(folder);
                    await using (var server = Child.Start("serve", home, folder))
                    {
                        var port = await server.ReadLineAsync();
                        await using var mount = Child.Start("mount", view, port, folder);
                        _ = await mount.ReadLineAsync();
                        var measurements = await WorkAsync(view, scale);
                        return new Subject(name, what, measurements)
                        {
                            MemoryMegabytes = server.MemoryMegabytes + mount.MemoryMegabytes,
                            ProcessorSeconds = server.ProcessorSeconds + mount.ProcessorSeconds,
                        };
                    }
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<List<Measurement>> WorkAsync(string directory, double scale)
    {
        await using var work = Child.Start("work", directory, scale.ToString(CultureInfo.InvariantCulture));
        return JsonSerializer.Deserialize(await work.ReadLineAsync(json: true), BenchJson.Default.ListMeasurement)!;
    }

    private static void Print(List<Subject> subjects)
    {
        Console.WriteLine($"{"",-44}{string.Concat(subjects.Select(subject => $"{subject.Name,22}"))}");
        for (var i = 0; i < subjects[0].Measurements.Count; i++)
        {
            var reference = subjects[0].Measurements[i];
            var cells = subjects.Select(subject => subject.Measurements[i])
                .Select(m => $"{m.Value,11:n1} {m.Unit,-4} x{m.Over(reference).ToString("0.00", CultureInfo.InvariantCulture),-4}");
            Console.WriteLine($"{reference.Name,-44}{string.Concat(cells.Select(cell => $"{cell,22}"))}");
        }

        Console.WriteLine($"{"memory of its processes, MB",-44}{string.Concat(subjects.Select(subject => $"{subject.MemoryMegabytes,22:n0}"))}");
        Console.WriteLine($"{"processor time of its processes, s",-44}{string.Concat(subjects.Select(subject => $"{subject.ProcessorSeconds,22:n1}"))}");
        Console.WriteLine("Best of the rounds. xN: better (above 1) or worse than the first column.");
        if (subjects.Find(s => s.Name == "view") is not { } view || subjects.Find(s => s.Name == "sshfs") is not { } sshfs)
            return;
        Console.WriteLine("\nview against sshfs:");
        foreach (var (mine, other) in view.Measurements.Zip(sshfs.Measurements))
            Console.WriteLine($"{mine.Name,-44}x{mine.Over(other).ToString("0.00", CultureInfo.InvariantCulture)}");
    }
}
