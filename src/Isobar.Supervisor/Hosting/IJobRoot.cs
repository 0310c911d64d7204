namespace Isobar.Supervisor.Hosting;

/// <summary>The home's file tree as the job will see it, at a mount point in this supervisor's own mount namespace.</summary>
internal interface IJobRoot : IAsyncDisposable
{
    string Path { get; }

    /// <summary>The home itself: its other file systems are bound from their own places.</summary>
    bool AtHome { get; }

    /// <summary>Everything that the job has written is at home when this returns.</summary>
    Task SyncAsync(CancellationToken cancellationToken);

    /// <summary>The names under which these processes hold files are those that the files have at home when this returns, as far as it can be.</summary>
    Task FreshenNamesAsync(IReadOnlyList<int> processes, CancellationToken cancellationToken);
}
