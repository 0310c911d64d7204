using System.Diagnostics;
using System.Globalization;
using Isobar.Cluster.Tests.Cluster;
using Isobar.Cluster.Tests.Hosts;

namespace Isobar.Cluster.Tests.Faults;

/// <summary>Many jobs on the way at once.</summary>
public sealed class ManyJobsTests(IsobarCluster cluster) : IClassFixture<IsobarCluster>
{
    private const int Jobs = 30;
    private const int Movers = 3;

    // Thirty of them on two cores: each may take no more than a little.
    private const double Pause = 0.3;

    /// <summary>Names another number of seconds than two minutes.</summary>
    private const string SecondsVariable = "ISOBAR_TEST_MANY_SECONDS";

    private static readonly TimeSpan Duration =
        TimeSpan.FromSeconds(int.TryParse(Environment.GetEnvironmentVariable(SecondsVariable), CultureInfo.InvariantCulture, out var seconds) ? seconds : 120);

    [Fact]
    public async Task Thirty_jobs_moved_at_random_end_right_and_leave_nothing()
    {
        var traces = await HostTraces.NoteAsync(cluster.Sandbox);
        var jobs = await Task.WhenAll(Enumerable.Range(0, Jobs).Select(_ => CountingJob.StartAsync(cluster, Pause)));
        try
        {
            // Each job has one mover only: two of them moving the same job would rightly get in each other's way.
            var moves = await Task.WhenAll(Enumerable.Range(0, Movers).Select(mover => MoveAsync([.. jobs.Where((_, i) => i % Movers == mover)], new Random(mover))));
            Assert.True(moves.Sum() >= Jobs, $"only {moves.Sum()} moves");
            foreach (var job in jobs)
                await job.GoesOnAsync();
            await Task.WhenAll(jobs.Select(job => job.EndsRightAsync()));
        }
        finally
        {
            foreach (var job in jobs)
                await job.DisposeAsync();
        }

        await traces.AreGoneAsync();
    }

    private async Task<int> MoveAsync(CountingJob[] jobs, Random random)
    {
        var since = Stopwatch.GetTimestamp();
        var nodes = jobs.ToDictionary(job => job, _ => IsobarCluster.Home);
        var moves = 0;
        while (Stopwatch.GetElapsedTime(since) < Duration)
        {
            var job = jobs[random.Next(jobs.Length)];
            string[] others = [.. cluster.Sandbox.Hosts.Select(host => host.Name).Where(name => name != nodes[job])];
            nodes[job] = others[random.Next(others.Length)];
            await cluster.MoveAsync(job.Name, nodes[job]);
            moves++;
        }

        return moves;
    }
}
