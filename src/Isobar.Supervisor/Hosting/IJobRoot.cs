using Isobar.Linux.Fuse;

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

    /// <summary>What CRIU will look for is known here when this is done, and stays so.</summary>
    /// <param name="paths">The paths.</param>
    /// <param name="forDump">Also what only a dump asks.</param>
    /// <param name="until">When CRIU is through.</param>
    Task KeepKnownAsync(HeldPaths paths, bool forDump, CancellationToken until);
}
