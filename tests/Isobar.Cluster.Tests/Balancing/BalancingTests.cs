using System.Diagnostics;
using System.Text.Json;
using Isobar.Cluster.Tests.Cluster;
using Isobar.Cluster.Tests.Hosts;
using Isobar.Protocol.Jobs;

namespace Isobar.Cluster.Tests.Balancing;

/// <summary>Nobody chooses a machine: what the daemons do by themselves, on hosts of unequal size.</summary>
public sealed class BalancingTests(UnequalCluster cluster) : IClassFixture<UnequalCluster>
{
    private const int Jobs = 6;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Jobs_started_on_the_smallest_machine_spread_by_themselves_and_end_right()
    {
        await cluster.KnowEachOtherAsync();
        var work = await MeasuredWorkAsync();
        var names = Enumerable.Range(0, Jobs).Select(_ => cluster.NewName("spread")).ToList();
        var began = Stopwatch.GetTimestamp();
        await OnAlphaAsync(async () =>
        {
            for (var i = 0; i < Jobs; i++)
                await cluster.IsobarAsync(IsobarCluster.Home, "run", "--detach", "--name", names[i], "awk", Program(work.Rounds, i));
        });
        var seen = new HashSet<string>();
        await Waiting.ForAsync(
            async () =>
            {
                var jobs = (await cluster.JobsAsync()).Where(job => names.Contains(job.Name!)).ToList();
                seen.UnionWith(jobs.Where(job => job.State == JobState.Running).Select(job => job.Node));
                return jobs.All(job => job.State is JobState.Done or JobState.Lost);
            },
            () => "the jobs to end",
            Cancellation);
        var took = Stopwatch.GetElapsedTime(began).TotalSeconds;

        var moves = 0;
        for (var i = 0; i < Jobs; i++)
        {
            var job = await cluster.StatusAsync(names[i]);
            Assert.Equal((JobState.Done, 0), (job.State, job.ExitCode));
            Assert.Equal($"{i} {Sum(work.Rounds, i)}\n", await cluster.IsobarAsync(IsobarCluster.Home, "logs", names[i]));
            var ledger = await cluster.MovesAsync(names[i]);
            Assert.All(ledger, move => Assert.NotEmpty(move.Why));
            Assert.InRange(ledger.Count(move => move.Committed), 0, 10);
            moves += ledger.Count(move => move.Committed);
        }

        Assert.Equal(["alpha", "beta", "gamma"], seen.Order(StringComparer.Ordinal));
        Assert.True(moves >= 3, $"{moves} moves");
        // The quota makes this a bound that no machine beats without help, however quiet; a busy one may make all three slower than their quotas.
        var alone = Jobs * work.CpuSeconds / 0.2;
        Assert.True(took < alone, $"{took:0} s; alpha alone would have taken {alone:0} s, all together at best {Jobs * work.CpuSeconds / UnequalCluster.All:0} s");
    }

    [Fact]
    public async Task Draining_empties_a_machine_and_keeps_it_empty_until_it_is_opened()
    {
        await cluster.KnowEachOtherAsync();
        var names = Enumerable.Range(0, 3).Select(_ => cluster.NewName("drained")).ToList();
        for (var i = 0; i < names.Count; i++)
            await cluster.IsobarAsync(IsobarCluster.Home, ["run", "--detach", "--on", "gamma", .. i == 0 ? (string[])["--stay"] : [], "--name", names[i], "sleep", "1000"]);
        foreach (var name in names)
            await cluster.RunsAsync(name);

        var said = await cluster.IsobarAsync(IsobarCluster.Home, "node", "drain", "gamma");
        Assert.Contains("gamma is empty", said, StringComparison.Ordinal);
        foreach (var name in names)
        {
            var job = await cluster.StatusAsync(name);
            Assert.NotEqual("gamma", job.Node);
            Assert.Equal(JobState.Running, job.State);
            Assert.Contains("evacuate", Assert.Single(await cluster.MovesAsync(name)).Why, StringComparison.Ordinal);
        }

        await Waiting.ForAsync(async () => (await cluster.LoadsAsync()).Contains("drained", StringComparison.Ordinal), () => "alpha to know that gamma is drained", Cancellation);
        var best = cluster.NewName("elsewhere");
        await cluster.IsobarAsync(IsobarCluster.Home, "run", "--detach", "--on", "best", "--name", best, "sleep", "1000");
        Assert.NotEqual("gamma", (await cluster.StatusAsync(best)).Node);
        await cluster.IsobarAsync(IsobarCluster.Home, "node", "undrain", "gamma");
        await Waiting.ForAsync(async () => !(await cluster.LoadsAsync()).Contains("drained", StringComparison.Ordinal), () => "alpha to know that gamma is open", Cancellation);
        foreach (var name in (string[])[.. names, best])
            await cluster.IsobarAsync(IsobarCluster.Home, "kill", name);
    }

    [Fact]
    public async Task A_job_that_shall_stay_stays_and_why_says_so()
    {
        await cluster.KnowEachOtherAsync();
        var names = Enumerable.Range(0, 3).Select(_ => cluster.NewName("staying")).ToList();
        await OnAlphaAsync(async () =>
        {
            foreach (var name in names)
                await cluster.IsobarAsync(IsobarCluster.Home, "run", "--detach", "--stay", "--name", name, "sh", "-c", "while :; do :; done");
        });
        await Task.Delay(TimeSpan.FromSeconds(12), Cancellation);
        foreach (var name in names)
        {
            Assert.Equal(("alpha", 0), ((await cluster.StatusAsync(name)).Node, (await cluster.StatusAsync(name)).Moves));
            Assert.Contains("--stay", await cluster.IsobarAsync(IsobarCluster.Home, "why", name), StringComparison.Ordinal);
            using var why = JsonDocument.Parse(await cluster.IsobarAsync(IsobarCluster.Home, "why", name, "--json"));
            Assert.Contains(why.RootElement.GetProperty("elsewhere").EnumerateArray(), line => line.GetString()!.Contains("gamma", StringComparison.Ordinal));
        }

        foreach (var name in names)
            await cluster.IsobarAsync(IsobarCluster.Home, "kill", "-s", "KILL", name);
    }

    [Fact]
    public async Task The_ledger_tells_what_a_move_brought()
    {
        await cluster.KnowEachOtherAsync();
        var name = cluster.NewName("measured");
        // On a fifth of a core, then on three fifths of one.
        await cluster.IsobarAsync(IsobarCluster.Home, "run", "--detach", "--home", "--name", name, "sh", "-c", "while :; do :; done");
        await Task.Delay(TimeSpan.FromSeconds(9), Cancellation);
        await cluster.MoveAsync(name, "gamma");
        await Waiting.ForAsync(async () => (await cluster.MovesAsync(name)).Single().ProgressAfter is not null, () => $"the progress of {name} to be measured", Cancellation);
        var move = (await cluster.MovesAsync(name)).Single();
        Assert.InRange(move.ProgressBefore!.Value, 0.01, 10);
        Assert.True(move.ProgressAfter > move.ProgressBefore * 1.2, $"{move.ProgressBefore} before, {move.ProgressAfter} after");
        Assert.True(move.AchievedGainSeconds > 0, $"{move.AchievedGainSeconds} s");
        Assert.Contains("ACHIEVED", await cluster.IsobarAsync(IsobarCluster.Home, "moves", name), StringComparison.Ordinal);
        Assert.Contains((await cluster.StatusAsync(name)).Id, await cluster.IsobarAsync(IsobarCluster.Home, "moves", "--all"), StringComparison.Ordinal);
        await cluster.IsobarAsync(IsobarCluster.Home, "kill", "-s", "KILL", name);
    }

    [Fact]
    public async Task Load_rides_on_what_daemons_ask_each_other_anyway()
    {
        await cluster.IsobarAsync(IsobarCluster.Home, "config", "set", "profile", "piggyback");
        try
        {
            await Waiting.ForAsync(
                async () =>
                {
                    // A list of all nodes asks each of them; members at rest ask each other nothing.
                    await cluster.IsobarAsync(IsobarCluster.Home, "nodes");
                    using var told = JsonDocument.Parse(await cluster.IsobarAsync(IsobarCluster.Home, "nodes", "--age", "--json"));
                    var gossip = told.RootElement.GetProperty("gossip");
                    return gossip.GetProperty("rodeSent").GetInt64() > 2 && gossip.GetProperty("rodeReceived").GetInt64() > 2;
                },
                () => "load to ride both ways",
                Cancellation);
            await cluster.KnowEachOtherAsync();
            Assert.Contains("rode in", await cluster.LoadsAsync(), StringComparison.Ordinal);
        }
        finally
        {
            await cluster.IsobarAsync(IsobarCluster.Home, "config", "unset", "profile");
        }
    }

    private static string Program(long rounds, int number) => $"BEGIN {{ for (i = 0; i < {rounds}; i++) s = (s * 31 + i + {number}) % 65521; print {number}, s }}";

    private static long Sum(long rounds, int number)
    {
        long sum = 0;
        for (long i = 0; i < rounds; i++)
            sum = ((sum * 31) + i + number) % 65521;
        return sum;
    }

    /// <summary>How many rounds take about four CPU seconds here.</summary>
    // Left to itself a job starts elsewhere as soon as there is a crowd, and one whose user names the machine stays there: so all others are blocked for the moment.
    private async Task OnAlphaAsync(Func<Task> start)
    {
        foreach (var host in (string[])["beta", "gamma"])
            await cluster.IsobarAsync(host, "node", "block");
        await Waiting.ForAsync(async () => (await cluster.LoadsAsync()).Split("blocked").Length == 3, () => "alpha to know that beta and gamma are blocked", Cancellation);
        await start();
        foreach (var host in (string[])["beta", "gamma"])
            await cluster.IsobarAsync(host, "node", "unblock");
        await Waiting.ForAsync(async () => !(await cluster.LoadsAsync()).Contains("blocked", StringComparison.Ordinal), () => "alpha to know that beta and gamma are open", Cancellation);
    }

    private async Task<(long Rounds, double CpuSeconds)> MeasuredWorkAsync()
    {
        const long probe = 2_000_000;
        const double wanted = 4;
        var result = await cluster.RunAsync("gamma", "bash", "-c", $"TIMEFORMAT=%U; time awk '{Program(probe, 0)}' > /dev/null");
        var seconds = Math.Max(0.02, double.Parse(result.Error.Trim(), System.Globalization.CultureInfo.InvariantCulture));
        return ((long)(probe * wanted / seconds), wanted);
    }
}
