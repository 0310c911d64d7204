// Allocates, uses threads, timers, hot code that is compiled again, sleep and a child; the monotonic clock does not jump.
// usage: dotnet DotnetProgram.dll GATE
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography;

var gate = args[0];
var problems = new ConcurrentQueue<string>();
using var over = new CancellationTokenSource();
var ticks = 0;
using var timer = new Timer(_ => Interlocked.Increment(ref ticks), null, 10, 10);
using var child = Process.Start(new ProcessStartInfo("cat") { RedirectStandardInput = true, RedirectStandardOutput = true })!;
await child.StandardInput.WriteLineAsync("kept by a child");
await child.StandardInput.FlushAsync();

var workers = Enumerable.Range(0, 4).Select(seed => Task.Run(async () =>
{
    var kept = new Dictionary<int, (byte[] Data, byte[] Digest)>();
    var random = new Random(seed);
    for (var round = 0; ; round++)
    {
        var data = new byte[8192];
        random.NextBytes(data);
        kept[round % 100] = (data, SHA256.HashData(data));
        if (round % 20 == 0 && kept.Values.Any(pair => !SHA256.HashData(pair.Data).AsSpan().SequenceEqual(pair.Digest)))
            problems.Enqueue("allocated bytes changed");
        if (over.IsCancellationRequested)
        {
            if (round < 10)
                problems.Enqueue($"only {round} rounds");
            return;
        }

        await Task.Delay(1);
    }
})).ToList();

var last = Stopwatch.GetTimestamp();
while (!File.Exists(gate))
{
    var now = Stopwatch.GetTimestamp();
    if (now < last || Stopwatch.GetElapsedTime(last, now) > TimeSpan.FromMinutes(2))
        problems.Enqueue($"the monotonic clock went from {last} to {now}");
    last = now;
    Thread.Sleep(5);
}

await over.CancelAsync();
await Task.WhenAll(workers);
if (ticks < 10)
    problems.Enqueue($"only {ticks} ticks");
await child.StandardInput.WriteLineAsync("until the end");
child.StandardInput.Close();
Console.Write(await child.StandardOutput.ReadToEndAsync());
foreach (var problem in problems)
    Console.WriteLine($"WRONG {problem}");
Console.WriteLine("dotnet is as it was");
return problems.IsEmpty ? 0 : 1;
