using Isobar.Protocol.Jobs;
using Isobar.Protocol.Tests.Jobs;
using Isobar.Supervisor.Deputies;

namespace Isobar.Supervisor.Tests.Deputies;

/// <summary>A deputy whose hosts are the test's.</summary>
internal sealed class TestHome : IAsyncDisposable
{
    private readonly Journal _journal;
    private readonly JobFiles _files;

    /// <param name="folder">An empty folder of the test's.</param>
    /// <param name="startNode">Where the job is to start.</param>
    /// <param name="open">Opens a host at a node for an incarnation.</param>
    public TestHome(string folder, string startNode, Func<string, int, HostConnection> open)
    {
        var spec = TestJob.Spec;
        var config = new SupervisorConfig
        {
            Place = new JobPlace("alpha-1", "localhost:1", "alpha", "(none)", [], "/nowhere"),
            Node = "alpha",
            RunDirectory = Directory.CreateDirectory(Path.Combine(folder, "alpha-1")).FullName,
            RecordDirectory = folder,
            Spec = spec,
            StartNode = startNode,
        };
        Board = new JobStatusBoard(JobStatus.Begin("alpha-1", spec, startNode, DateTimeOffset.UnixEpoch));
        _journal = new Journal(folder);
        _files = new JobFiles(spec);
        Deputy = new Deputy(config, _journal, new Opener(open), Board, _files);
    }

    public Deputy Deputy { get; }

    public JobStatusBoard Board { get; }

    public async ValueTask DisposeAsync()
    {
        Deputy.Dispose();
        await _files.DisposeAsync();
        await _journal.DisposeAsync();
    }

    private sealed class Opener(Func<string, int, HostConnection> open) : IHostOpener
    {
        public Task<HostConnection> OpenAsync(string node, int incarnation, CancellationToken cancellationToken) => Task.FromResult(open(node, incarnation));
    }
}
