using Isobar.Protocol.Jobs;
using Isobar.Protocol.Security;

namespace Isobar.Supervisor.Hosting;

/// <summary>Where a job host works: its node, its folders, and how it reaches the rest of the cluster.</summary>
internal sealed class HostPlace(string node, string runDirectory, int incarnation, bool atHome, Lazy<ClusterIdentity?> identity, Func<HostFolders, CancellationToken, Task<IJobRoot>> openRoot)
{
    private readonly TaskCompletionSource<Stream> _images = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Node => node;

    public string RunDirectory => runDirectory;

    public int Incarnation => incarnation;

    public bool AtHome => atHome;

    /// <summary>A folder on a disk for pages of the job that are elsewhere.</summary>
    public string? PagesDirectory { get; init; }

    /// <summary>Null on a machine that is in no cluster: its jobs cannot move.</summary>
    public ClusterIdentity? Identity => identity.Value;

    /// <summary>The secret that the sender of this incarnation's images must show; null while none is expected.</summary>
    public MoveTicket? Expected { get; set; }

    public Task<IJobRoot> OpenRootAsync(HostFolders folders, CancellationToken cancellationToken) => openRoot(folders, cancellationToken);

    /// <summary>The connection on which the images come.</summary>
    public Task<Stream> ImagesAsync(CancellationToken cancellationToken) => _images.Task.WaitAsync(cancellationToken);

    /// <summary>Why a caller may not send images here, or null.</summary>
    public string? RefuseImages(TransportOpening opening) =>
        Expected is not { } ticket ? "no job is expected here."
        : opening.Incarnation != ticket.Incarnation || opening.Node != ticket.SourceNode || opening.Secret != ticket.Secret ? "the home has sent somebody else."
        : null;

    public bool TakeImages(Stream stream) => _images.TrySetResult(stream);
}
