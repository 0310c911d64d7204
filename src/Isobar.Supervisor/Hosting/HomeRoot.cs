using Isobar.Linux.Fuse;
using Isobar.Linux.Mounts;

namespace Isobar.Supervisor.Hosting;

/// <summary>At home the job sees the files themselves.</summary>
internal sealed class HomeRoot : IJobRoot
{
    public HomeRoot(string path)
    {
        Directory.CreateDirectory(path);
        Mounting.Bind("/", path);
        Path = path;
    }

    public string Path { get; }

    public bool AtHome => true;

    public Task SyncAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task FreshenNamesAsync(IReadOnlyList<int> processes, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task KeepKnownAsync(HeldPaths paths, bool forDump, CancellationToken until) => Task.CompletedTask;

    public ValueTask DisposeAsync()
    {
        Mounting.Detach(Path);
        return ValueTask.CompletedTask;
    }
}
