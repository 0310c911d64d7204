using System.Collections.Immutable;
using Isobar.Linux.Fuse;
using Isobar.Protocol.Jobs;

namespace Isobar.Supervisor.Deputies;

/// <summary>The home's files as the job sees them from elsewhere: served with its user's rights, and to the newest incarnation only.</summary>
internal sealed class JobFiles(JobSpec spec) : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private FileViewServer? _server;

    public Task ServeAsync(Stream stream, CancellationToken cancellationToken) => Server().ServeAsync(stream, cancellationToken);

    /// <summary>From now on only this incarnation and later ones are served; what older ones asked for is done or refused when this returns.</summary>
    public async Task FenceAsync(int incarnation)
    {
        if (_server is { } server)
            await server.FenceAsync((ulong)incarnation).ConfigureAwait(false);
    }

    public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? ValueTask.CompletedTask;

    private FileViewServer Server()
    {
        lock (_gate)
            return _server ??= new FileViewServer("/", new FileCredentials(spec.Uid, spec.Gid, [.. spec.Groups.ToImmutableArray()]));
    }
}
