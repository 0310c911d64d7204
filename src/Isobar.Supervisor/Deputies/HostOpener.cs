using System.Collections.Concurrent;
using Isobar.Linux.Clocks;
using Isobar.Linux.Sockets;
using Isobar.Protocol.Jobs;
using Isobar.Protocol.Links;
using Isobar.Protocol.Security;
using Isobar.Supervisor.Control;
using Isobar.Supervisor.Hosting;

namespace Isobar.Supervisor.Deputies;

/// <summary>
/// Opens hosts for a deputy: in this process at home, or by asking the daemon to have a guest supervisor started elsewhere, which then calls back. Keeps the
/// links of guests, so that one that calls again after a cut goes on where it was.
/// </summary>
internal sealed class HostOpener(SupervisorConfig config, Lazy<ClusterIdentity?> identity, JobStatusBoard board, CancellationToken jobEnds) : IHostOpener
{
    private static readonly TimeSpan GuestMustCall = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan HostCleansUpWithin = TimeSpan.FromSeconds(5);
    private readonly ConcurrentDictionary<int, Guest> _guests = FirstGuest(config);
    private HostPlace? _here;
    private Task _host = Task.CompletedTask;

    /// <summary>The job host in this process, when there is one: images for it come to the deputy's socket.</summary>
    public HostPlace? Here => _here;

    /// <summary>The host in this process, if there was one, has cleaned up behind its job.</summary>
    public Task HostHasGoneAsync() => Task.WhenAny(_host, Task.Delay(HostCleansUpWithin, CancellationToken.None));

    public async Task<HostConnection> OpenAsync(string node, int incarnation, CancellationToken cancellationToken) =>
        node == config.Node ? OpenHere(incarnation) : await OpenGuestAsync(node, incarnation, cancellationToken).ConfigureAwait(false);

    /// <summary>Guests that the daemon is to have started, for a daemon that has just come back.</summary>
    public IEnumerable<GuestNeeded> Wanted =>
        _guests.Values.Where(guest => !guest.Called.Task.IsCompleted).Select(guest => new GuestNeeded(guest.Node, guest.Incarnation));

    /// <summary>The daemon could not have a guest started.</summary>
    public void Refused(GuestRefused refusal)
    {
        if (_guests.TryGetValue(refusal.Incarnation, out var guest) && guest.Node == refusal.Node)
            guest.Called.TrySetException(new MoveException(refusal.Reason));
    }

    /// <summary>Why a guest that calls is not let in, or null.</summary>
    public string? Refuse(TransportOpening opening, int current)
    {
        if (_guests.TryGetValue(opening.Incarnation, out var guest) && guest.Node == opening.Node && !guest.Link.IsClosed)
            return null;
        return opening.Incarnation < current ? "superseded: the job has a newer incarnation." : "nobody asked for this incarnation of the job.";
    }

    /// <summary>A guest has called, for the first time or again: carries its link until the connection breaks.</summary>
    public async Task CarryAsync(TransportOpening opening, Stream stream, CancellationToken cancellationToken)
    {
        var guest = _guests[opening.Incarnation];
        guest.Called.TrySetResult();
        await guest.Link.RunAsync(stream, cancellationToken).ConfigureAwait(false);
    }

    private HostConnection OpenHere(int incarnation)
    {
        var (one, other) = SocketPairs.Create();
        var deputySide = new ResumableLink(JobChannels.Count, BootClock.Instance) { IsLocal = true };
        var hostSide = new ResumableLink(JobChannels.Count, BootClock.Instance) { IsLocal = true };
        _here = new HostPlace(config.Node, config.RunDirectory, incarnation, atHome: true, identity, OpenHomeRootAsync) { PagesDirectory = config.PagesDirectory };
        var host = new JobHost(_here, hostSide);
        _ = deputySide.RunAsync(DescriptorSockets.Stream(one), jobEnds);
        _ = hostSide.RunAsync(DescriptorSockets.Stream(other), jobEnds);
        _host = RunHostAsync(host, hostSide);
        return new HostConnection(config.Node, incarnation, deputySide);
    }

    private async Task RunHostAsync(JobHost host, ResumableLink link)
    {
        try
        {
            using (host)
                await host.RunAsync(jobEnds).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Nobody awaits this: without a word here the job would seem to have vanished.
            DaemonJournal.Write($"{config.Place.Id}: {e}");
        }

        link.Close();
    }

    private async Task<HostConnection> OpenGuestAsync(string node, int incarnation, CancellationToken cancellationToken)
    {
        if (identity.Value is null)
            throw new MoveException("this machine is in no cluster: isobar cluster create or join comes first.");
        var guest = _guests.GetOrAdd(incarnation, _ => new Guest(node, incarnation));
        if (!guest.Called.Task.IsCompleted)
            board.Publish(new GuestNeeded(node, incarnation));
        try
        {
            await guest.Called.Task.WaitAsync(GuestMustCall, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            _guests.TryRemove(incarnation, out _);
            throw new MoveException($"{node} has not called back within {GuestMustCall.TotalSeconds:0} s: look at its isobard.");
        }
        catch (MoveException)
        {
            _guests.TryRemove(incarnation, out _);
            throw;
        }

        return new HostConnection(node, incarnation, guest.Link);
    }

    private static Task<IJobRoot> OpenHomeRootAsync(HostFolders folders, CancellationToken cancellationToken) =>
        Task.FromResult<IJobRoot>(new HomeRoot(folders.Root));

    // The daemon has a job's first guest started while it starts this deputy: it may call before the deputy comes to ask for it.
    private static ConcurrentDictionary<int, Guest> FirstGuest(SupervisorConfig config)
    {
        var guests = new ConcurrentDictionary<int, Guest>();
        if (config.StartNode is { } node && node != config.Node)
            guests[JobStatus.FirstIncarnation] = new Guest(node, JobStatus.FirstIncarnation);
        return guests;
    }

    private sealed record Guest(string Node, int Incarnation)
    {
        public ResumableLink Link { get; } = new(JobChannels.Count, BootClock.Instance);

        public TaskCompletionSource Called { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
