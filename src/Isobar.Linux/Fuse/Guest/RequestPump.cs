using Isobar.Linux.Fuse.Native;
using Isobar.Linux.Fuse.Protocol;
using Isobar.Linux.Fuse.Wire;

namespace Isobar.Linux.Fuse.Guest;

/// <summary>Takes requests from the kernel and passes them on. One thread always waits in the kernel; another is started when none would.</summary>
internal sealed class RequestPump(KernelDevice device, TransferBuffers buffers, GuestChannel metadata, GuestChannel bulk, int readAheadKibibytes)
{
    private const int StackSize = 256 * 1024;
    private const int ThreadLimit = 8;

    /// <summary>Requests up to this size are copied, so that the large buffer can take the next one.</summary>
    private const int SmallRequest = 16 * 1024;

    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _threads;
    private int _waiting;
    private long _requests;
    private long _forwarded;

    /// <summary>Done when the kernel has no more requests: the file system was unmounted or aborted.</summary>
    public Task Ended => _ended.Task;

    public long Requests => Interlocked.Read(ref _requests);

    public long Forwarded => Interlocked.Read(ref _forwarded);

    public void Start()
    {
        Interlocked.Increment(ref _threads);
        new Thread(Run, StackSize) { IsBackground = true, Name = "files kernel" }.Start();
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
        Interlocked.Increment(ref _forwarded);
        var header = request.Header;
        var isLarge = length > SmallRequest;
        var total = RequestFrame.Size + length;
        var pending = new PendingRequest(isLarge ? buffer : buffer.AsSpan(0, total).ToArray(), total, header, isLarge);
        (FuseOpcodes.IsBulk(header.Opcode) ? bulk : metadata).Submit(pending);

        // Nobody waits for a release, but the kernel keeps the request until it is answered.
        if (header.Opcode is FuseOpcode.Release or FuseOpcode.ReleaseDir)
            device.Answer(header.Unique, 0);
        return isLarge ? buffers.Take() : buffer;
    }
}
