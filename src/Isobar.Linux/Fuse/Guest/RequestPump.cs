using Isobar.Linux.Fuse.Native;
using Isobar.Linux.Fuse.Protocol;
using Isobar.Linux.Fuse.Wire;
using Isobar.Linux.Threads;

namespace Isobar.Linux.Fuse.Guest;

/// <summary>Takes requests from the kernel and passes them on. One thread always waits in the kernel; another is started when none would.</summary>
internal sealed class RequestPump(
    KernelDevice device, TransferBuffers buffers, EarlyWrites earlyWrites, SpaceReplies space, GuestChannel metadata, GuestChannel bulk, int readAheadKibibytes)
{
    private const int ThreadLimit = 8;

    /// <summary>Requests up to this size are copied, so that the large buffer can take the next one: early writes among them, of which there may be many.</summary>
    private const int SmallRequest = 68 * 1024;

    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _threads;
    private int _waiting;
    private long _requests;
    private long _forwarded;
    private volatile bool _mayHaveChanges;

    /// <summary>Done when the kernel has no more requests: the file system was unmounted or aborted.</summary>
    public Task Ended => _ended.Task;

    public long Requests => Interlocked.Read(ref _requests);

    public long Forwarded => Interlocked.Read(ref _forwarded);

    /// <summary>Some file was opened to be changed: until then neither the kernel nor this process can hold changes back.</summary>
    public bool MayHaveChanges => _mayHaveChanges;

    public void Start()
    {
        Interlocked.Increment(ref _threads);
        WaitingThreads.Start("files kernel", Run);
    }

    private void Run()
    {
        var buffer = buffers.Take();
        while (buffer is not null)
        {
            Interlocked.Increment(ref _waiting);
            var length = device.Read(buffer.AsSpan(RequestFrame.Size));
            if (Interlocked.Decrement(ref _waiting) == 0 && length > 0 && Volatile.Read(ref _threads) < ThreadLimit)
                Start();
            if (length > 0)
                buffer = Dispatch(buffer, length);
            else if (length is not (-Errno.Interrupted or -Errno.Again or -Errno.NoEntry))
                break;
        }

        if (buffer is not null)
            buffers.Return(buffer);
        if (Interlocked.Decrement(ref _threads) == 0)
            _ended.TrySetResult();
    }

    /// <summary>Handles one request; returns the buffer for the next.</summary>
    private byte[]? Dispatch(byte[] buffer, int length)
    {
        Interlocked.Increment(ref _requests);
        if (!FuseRequest.TryParse(buffer.AsSpan(RequestFrame.Size, length), out var request)
            || LocalAnswers.TryAnswer(device, request, readAheadKibibytes))
            return buffer;
        EarlyWrite? early = null;
        switch (request.Header.Opcode)
        {
            case FuseOpcode.Open when request.TryRead(out FuseOpenRequest open, out _) && (open.Flags & OpenFlags.AccessMode) == 0:
                break;
            case FuseOpcode.Open or FuseOpcode.Create or FuseOpcode.TmpFile:
                // Several threads are here: none may take it back.
                _mayHaveChanges = true;
                break;
            case FuseOpcode.StatFs when space.TryAnswer(device, request.Header):
                return buffer;
            case FuseOpcode.Flush:
                Flush(request);
                return buffer;
            case FuseOpcode.Write when request.TryRead(out FuseTransferRequest write, out _):
                early = earlyWrites.TryBegin(write, out var error);
                if (error == 0)
                    break;
                device.Answer(request.Header.Unique, error);
                return buffer;
        }

        if (FuseOpcodes.MayChangeSpace(request.Header.Opcode))
            space.Forget();
        Interlocked.Increment(ref _forwarded);
        var header = request.Header;
        var isLarge = length > SmallRequest;
        var total = RequestFrame.Size + length;
        var pending = new PendingRequest(isLarge ? buffer : buffer.AsSpan(0, total).ToArray(), total, header, isLarge) { Early = early };
        Forward(pending, request);
        return isLarge ? buffers.Take() : buffer;
    }

    private void Forward(PendingRequest pending, in FuseRequest request)
    {
        switch (pending.Opcode)
        {
            case FuseOpcode.Read or FuseOpcode.Write:
                bulk.Submit(pending);
                break;
            case FuseOpcode.Fsync when request.TryRead(out FuseFsyncRequest sync, out _):
                earlyWrites.WhenDone(sync.Handle, error =>
                {
                    if (error == 0)
                        metadata.Submit(pending, bulk.LastOrdered);
                    else
                        device.Answer(pending.Unique, error);
                });
                break;
            case FuseOpcode.Release or FuseOpcode.ReleaseDir when request.TryRead(out FuseReleaseRequest closing, out _):
                earlyWrites.Closed(closing.Handle);
                metadata.Submit(pending, bulk.LastOrdered);

                // Nobody waits for a release, but the kernel keeps the request until it is answered.
                device.Answer(pending.Unique, 0);
                break;
            default:
                metadata.Submit(pending, bulk.LastOrdered);
                break;
        }
    }

    /// <summary>At each close: home has nothing to do, but the closer must know that all that was written is there.</summary>
    private void Flush(in FuseRequest request)
    {
        var unique = request.Header.Unique;
        if (request.TryRead(out FuseFlushRequest flush, out _))
            earlyWrites.WhenDone(flush.Handle, error => device.Answer(unique, error));
        else
            device.Answer(unique, -Errno.Invalid);
    }
}
