using Isobar.Linux.Fuse;

namespace Isobar.Supervisor.Hosting;

/// <summary>Away from home the job sees the home's files through our own file system.</summary>
internal sealed class ViewRoot : IJobRoot
{
    private readonly FileViewMount _mount;

    private ViewRoot(string path, FileViewMount mount)
    {
        Path = path;
        _mount = mount;
    }

    public string Path { get; }

    public bool AtHome => false;

    public static async Task<ViewRoot> OpenAsync(
        string path, int incarnation, Func<CancellationToken, ValueTask<Stream>> connect, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(path);
        var options = new FileViewMountOptions { Incarnation = (ulong)incarnation };
        return new ViewRoot(path, await FileViewMount.MountAsync(path, connect, options, cancellationToken).ConfigureAwait(false));
    }

    public Task SyncAsync(CancellationToken cancellationToken) => _mount.SyncAsync(cancellationToken);

    public Task FreshenNamesAsync(IReadOnlyList<int> processes, CancellationToken cancellationToken) => OpenNames.FreshenAsync(processes, cancellationToken);

    public Task KeepKnownAsync(HeldPaths paths, bool forDump, CancellationToken until) => paths.KeepKnownAsync(Path, forDump, until);

    public ValueTask DisposeAsync() => _mount.DisposeAsync();
}
