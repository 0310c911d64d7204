using Isobar.Linux.Clocks;
using Isobar.Linux.Sockets;
using Isobar.Protocol.Jobs;
using Isobar.Protocol.Links;
using Isobar.Protocol.Security;
using Isobar.Supervisor.Control;
using Isobar.Supervisor.Transport;

namespace Isobar.Supervisor.Hosting;

/// <summary>A job's supervisor away from home: a job host that calls its deputy, and calls again whenever the connection breaks.</summary>
internal sealed class GuestSupervisor : IDisposable
{
    private static readonly TimeSpan CallAgainAfter = TimeSpan.FromMilliseconds(250);
    private readonly SupervisorConfig _config;
    private readonly ClusterIdentity _identity;
    private readonly HostPlace _place;
    private readonly ResumableLink _link = new(JobChannels.Count, BootClock.Instance);
    private readonly CancellationTokenSource _ended = new();

    public GuestSupervisor(SupervisorConfig config)
    {
        _config = config;
        _identity = NodeIdentity.In(config.IdentityDirectory ?? throw new IOException("A guest supervisor needs the node's identity."));
        _place = new HostPlace(config.Node, config.RunDirectory, config.Incarnation, atHome: false, new Lazy<ClusterIdentity?>(_identity), OpenRootAsync) { PagesDirectory = config.PagesDirectory };
    }

    public async Task RunAsync(SupervisorSocket socket, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _ended.Token);
        var serving = socket.ServeAsync(ServeAsync, either.Token);
        var calling = CallHomeAsync(either.Token);
        using (var host = new JobHost(_place, _link))
            await host.RunAsync(cancellationToken).ConfigureAwait(false);
        // The last words (an exit, a failed move) still go out, if home can be reached.
        _link.Close();
        await Task.WhenAny(calling, Task.Delay(TimeSpan.FromSeconds(5), CancellationToken.None)).ConfigureAwait(false);
        await _ended.CancelAsync().ConfigureAwait(false);
        await serving.ConfigureAwait(false);
    }

    public void Dispose() => _ended.Dispose();

    private async Task CallHomeAsync(CancellationToken cancellationToken)
    {
        var opening = new TransportOpening(_config.Place.Id, _config.Incarnation, _config.Node);
        try
        {
            while (!_link.IsClosed)
            {
                try
                {
                    var stream = await JobTransport.DialAsync(
                        _identity, _config.Place.HomeAddress, HomeNode, JobTransport.ControlRole, opening, cancellationToken).ConfigureAwait(false);
                    await _link.RunAsync(stream, cancellationToken).ConfigureAwait(false);
                }
                catch (IOException)
                {
                    await Task.Delay(CallAgainAfter, cancellationToken).ConfigureAwait(false);
                }
            }
        }
        catch (TransportRefusedException)
        {
            // A newer incarnation has taken this one's place, or the job has ended: the host kills what it has.
            _link.CloseNow();
        }
        catch (OperationCanceledException)
        {
            // The supervisor ends.
        }
    }

    private string HomeNode => JobId.Parse(_config.Place.Id).Home;

    private async Task ServeAsync(Caller caller, CancellationToken cancellationToken)
    {
        if (caller.Uid != 0 || caller.Hello is not TransportHello hello || caller.Descriptor is not { } descriptor)
            return;
        var admitted = await JobTransport.AcceptAsync(
            _identity,
            DescriptorSockets.Take(descriptor),
            opening => hello.Role == JobTransport.MoveRole(_config.Incarnation) ? _place.RefuseImages(opening) : "this supervisor does not know what is wanted.",
            cancellationToken).ConfigureAwait(false);
        if (admitted is var (stream, _) && !_place.TakeImages(stream))
            await stream.DisposeAsync().ConfigureAwait(false);
    }

    private async Task<IJobRoot> OpenRootAsync(HostFolders folders, CancellationToken cancellationToken) =>
        await ViewRoot.OpenAsync(folders.Root, _config.Incarnation, ConnectFilesAsync, cancellationToken).ConfigureAwait(false);

    private async ValueTask<Stream> ConnectFilesAsync(CancellationToken cancellationToken)
    {
        var opening = new TransportOpening(_config.Place.Id, _config.Incarnation, _config.Node);
        try
        {
            return await JobTransport.DialForThreadsAsync(
                _identity, _config.Place.HomeAddress, HomeNode, JobTransport.FilesRole, opening, cancellationToken).ConfigureAwait(false);
        }
        catch (TransportRefusedException e)
        {
            throw new Isobar.Linux.Fuse.FileViewRefusedException(e.Message, e);
        }
    }
}
