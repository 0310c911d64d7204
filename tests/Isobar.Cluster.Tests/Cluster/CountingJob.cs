using System.Globalization;
using Isobar.Cluster.Tests.Hosts;

namespace Isobar.Cluster.Tests.Cluster;

/// <summary>A job that writes 1, 2, 3, ... until its gate opens and then ends with 7: a gap, a doubled line or a second copy of it would show.</summary>
internal sealed class CountingJob : IAsyncDisposable
{
    private readonly IsobarCluster _cluster;
    private readonly HostProcess _process;
    private readonly string _gate;

    private CountingJob(IsobarCluster cluster, double pause, bool stay)
    {
        _cluster = cluster;
        Name = cluster.NewName("count");
        _gate = $"{cluster.NewFolder()}/gate";
        var script = $"i=0; while [ ! -e {_gate} ]; do i=$((i+1)); echo $i; sleep {pause.ToString(CultureInfo.InvariantCulture)}; done; exit 7";
        _process = cluster.Start(IsobarCluster.Home, ["isobar", "run", "--home", .. stay ? (string[])["--stay"] : [], "--name", Name, "sh", "-c", script]);
    }

    public string Name { get; }

    /// <summary>Part of the command line of its process, and of no other.</summary>
    public string Mark => $"[i]=0; while . ! -e {_gate} ";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public int Lines => _process.OutputSoFar.Count(c => c == '\n');

    /// <summary>Starts one at home and waits for its first lines.</summary>
    public static async Task<CountingJob> StartAsync(IsobarCluster cluster, double pause = 0.03, bool stay = true)
    {
        var job = new CountingJob(cluster, pause, stay);
        await job.GoesOnAsync();
        return job;
    }

    /// <summary>It writes more lines than it has written so far.</summary>
    public async Task GoesOnAsync()
    {
        var lines = Lines;
        await Waiting.ForAsync(
            () => Lines > lines + 3 || _process.HasEnded,
            () => $"{Name} to count beyond {lines}: {_process.ErrorSoFar}",
            Cancellation);
        Assert.False(_process.HasEnded, $"{Name} ended: {_process.ErrorSoFar}");
    }

    /// <summary>Opens the gate: every line is there, once and in order.</summary>
    public async Task EndsRightAsync()
    {
        await File.WriteAllTextAsync(_cluster.Seen(IsobarCluster.Home, _gate), "", Cancellation);
        var end = await _process.EndAsync(Cancellation).WaitAsync(Waiting.Patience, Cancellation);
        var lines = end.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var expected = Enumerable.Range(1, lines.Length).Select(i => i.ToString(CultureInfo.InvariantCulture));
        Assert.Equal(expected, lines);
        Assert.True(end.ExitCode == 7, $"{Name} ended with {end.ExitCode}: {end.Error}");
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
