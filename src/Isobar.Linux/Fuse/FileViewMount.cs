using Isobar.Linux.Fuse.Guest;
using Isobar.Linux.Fuse.Protocol;
using Isobar.Linux.Fuse.Wire;

namespace Isobar.Linux.Fuse;

/// <summary>
/// The guest's side of a file view: a FUSE file system at a directory of the caller's mount namespace whose requests are answered by the home's
/// <see cref="FileViewServer"/>. While home is out of reach, requests wait; nothing is lost or done twice.
/// </summary>
/// <remarks>
/// Threads of this process may use the mounted files, but not the threads of this class, and none may hold a lock that they need. A process that waits for home cannot be
/// killed until home answers or the view ends.
/// </remarks>
public sealed class FileViewMount : IAsyncDisposable
{
    /// <summary>Large buffers, 1 MiB each: the bound of writes that home has not confirmed.</summary>
    private const int BufferLimit = 48;

    private static readonly TimeSpan FarewellTime = TimeSpan.FromSeconds(2);

    private readonly KernelDevice _device;
    private readonly TransferBuffers _buffers;
    private readonly GuestChannel _metadata;
    private readonly GuestChannel _bulk;
    private readonly HomeLink _metadataLink;
    private readonly HomeLink _bulkLink;
    private readonly RequestPump _pump;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _links = Task.CompletedTask;
    private int _disposed;

    private FileViewMount(
        KernelDevice device,
        TransferBuffers buffers,
        EarlyWrites earlyWrites,
        SpaceReplies space,
        (GuestChannel, HomeLink) metadata,
        (GuestChannel, HomeLink) bulk,
        int readAheadKibibytes)
    {
        _device = device;
        _buffers = buffers;
        (_metadata, _metadataLink) = metadata;
        (_bulk, _bulkLink) = bulk;
        _pump = new RequestPump(device, buffers, earlyWrites, space, _metadata, _bulk, readAheadKibibytes);
    }

    /// <summary>
    /// Done when the view has ended: without error when it was unmounted, with <see cref="FileViewRefusedException"/> when home refused it. After the latter the
    /// mount stays, every access fails with ENOTCONN or ECONNABORTED, and <see cref="DisposeAsync"/> takes it away.
    /// </summary>
    public Task Completion => _ended.Task;

    public FileViewStatistics Statistics => new(
        _pump.Requests,
        _pump.Forwarded,
        _bulk.BytesRead,
        _bulk.BytesWritten,
        _metadataLink.Reconnections + _bulkLink.Reconnections,
        _metadata.InFlight + _bulk.InFlight);

    /// <summary>Shows the home's files at a directory.</summary>
    /// <param name="mountPoint">An existing directory; it should be the caller's own, in a mount namespace of its own.</param>
    /// <param name="connect">
    /// Makes one connection to home; called twice at first (contents have their own) and again whenever one breaks. <see cref="FileViewRefusedException"/> ends the view, any other failure is tried again.
    /// </param>
    /// <param name="options">The defaults suit a job.</param>
    /// <param name="cancellation">Gives up mounting; not the view once it is mounted.</param>
    /// <exception cref="FileViewException">Home refuses, or this machine cannot mount.</exception>
    public static async Task<FileViewMount> MountAsync(
        string mountPoint, Func<CancellationToken, ValueTask<Stream>> connect, FileViewMountOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(mountPoint);
        ArgumentNullException.ThrowIfNull(connect);
        options ??= new FileViewMountOptions();
        var door = new HomeDoor(Guid.NewGuid(), connect, options);
        // Both at once: each takes a handshake.
        var bulkConnecting = door.ConnectAsync(cancellation);
        try
        {
            var first = await door.KnockAsync(ChannelKind.Metadata, resumes: false, cancellation).ConfigureAwait(false);
            return Begin(mountPoint, door, options, first, bulkConnecting);
        }
        catch
        {
            _ = bulkConnecting.ContinueWith(static made => made.Result.Dispose(), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
            throw;
        }
    }

    private static FileViewMount Begin(string mountPoint, HomeDoor door, FileViewMountOptions options, (Stream Stream, GreetingReply Reply) first, Task<Stream> bulkConnecting)
    {
        try
        {
            var device = KernelDevice.Mount(mountPoint, options, checkPermissions: first.Reply.ManyUsers != 0);
            var buffers = new TransferBuffers(BufferLimit);
            var earlyWrites = new EarlyWrites(device);
            var space = new SpaceReplies(options.Time);
            var metadata = new GuestChannel(device, buffers, earlyWrites, space);
            var bulk = new GuestChannel(device, buffers, earlyWrites, space);
            var mount = new FileViewMount(
                device,
                buffers,
                earlyWrites,
                space,
                (metadata, new HomeLink(metadata, ChannelKind.Metadata, door, options)),
                (bulk, new HomeLink(bulk, ChannelKind.Bulk, door, options)),
                options.ReadAheadKibibytes);
            mount.Start(first, door, bulkConnecting);
            device.SetReadAhead(options.ReadAheadKibibytes);
            return mount;
        }
        catch
        {
            first.Stream.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Brings home what the job has changed through mapped memory, and waits for small writes under way. To be called when a job that is being moved stands still and before its
    /// target looks at the files, and before the end of a job is told.
    /// </summary>
    /// <exception cref="FileViewException">Home could not take it (a full disk, for example), or the view has ended.</exception>
    public Task SyncAsync(CancellationToken cancellation = default) => !_pump.MayHaveChanges && !_ended.Task.IsCompleted
        ? Task.CompletedTask
        : ClientThread.RunAsync(() => ViewFlush.Run(_device, _bulk)).WaitAsync(cancellation);

    /// <summary>Takes the view away, even from processes that still use it, and tells home to close its files.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        _device.Detach();
        _buffers.Close();
        _bulk.Close();
        await _pump.Ended.ConfigureAwait(false);
        _ended.TrySetResult();
        if (!_ended.Task.IsFaulted)
            await SayFarewellAsync().ConfigureAwait(false);
        await _stop.CancelAsync().ConfigureAwait(false);
        await _links.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _device.Dispose();
        _metadata.Dispose();
        _bulk.Dispose();
        _buffers.Dispose();
        _stop.Dispose();
    }

    private void Start((Stream, GreetingReply) first, HomeDoor door, Task<Stream> bulkConnecting)
    {
        _pump.Start();
        _links = RunAsync(first, door.KnockAsync(bulkConnecting, ChannelKind.Bulk, resumes: true, _stop.Token));
        _ = EndWithKernelAsync();
    }

    private async Task RunAsync((Stream, GreetingReply) first, Task<(Stream, GreetingReply)> bulkMade)
    {
        var metadata = _metadataLink.RunAsync(Task.FromResult(first), _stop.Token);
        var bulk = _bulkLink.RunAsync(bulkMade, _stop.Token);
        try
        {
            await await Task.WhenAny(metadata, bulk).ConfigureAwait(false);
        }
        catch (FileViewRefusedException refusal)
        {
            _ended.TrySetException(refusal);
            _device.Abort();
            _buffers.Close();
            _bulk.Close();
            await _stop.CancelAsync().ConfigureAwait(false);
        }

        await Task.WhenAll(metadata, bulk).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Someone else may unmount the file system; then the view is over too.</summary>
    private async Task EndWithKernelAsync()
    {
        await _pump.Ended.ConfigureAwait(false);
        _ended.TrySetResult();
    }

    /// <summary>Home ends the session at once, which shows here as the end of the connection; if it is out of reach, it learns by a newer incarnation.</summary>
    private async Task SayFarewellAsync()
    {
        var header = new FuseRequestHeader { Length = FuseRequestHeader.Size, Opcode = FuseOpcode.Destroy };
        var message = new byte[RequestFrame.Size + FuseRequestHeader.Size];
        System.Runtime.InteropServices.MemoryMarshal.Write(message.AsSpan(RequestFrame.Size), header);
        _ = Task.Run(() => _metadata.Submit(new PendingRequest(message, message.Length, header, isPooled: false), _bulk.LastOrdered));
        await Task.WhenAny(_links, Task.Delay(FarewellTime)).ConfigureAwait(false);
    }
}
