using System.Buffers;
using Isobar.Linux.Fuse.Native;
using Isobar.Linux.Fuse.Protocol;
using Isobar.Linux.Fuse.Wire;
using Isobar.Linux.Threads;

namespace Isobar.Linux.Fuse.Home;

/// <summary>
/// One connection and its workers. Workers take turns: the one whose turn it is reads a request, passes the turn on and executes what it read, so
/// a request needs no hand-over from a reader to a worker, and a slow one holds nobody up.
/// </summary>
internal sealed class HomeConnection(Stream stream, HomeSession session, ChannelKind kind, FileCredentials credentials, int workerLimit)
{
    private const int StackSize = 256 * 1024;

    private readonly Lock _turn = new();
    private readonly Lock _sending = new();
    private readonly HomeChannel _channel = session.Channel(kind);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Exception? _failure;
    private int _workers;
    private int _waiting;
    private volatile bool _closed;

    /// <summary>Done when the last worker has ended; fails if they could not begin.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Starts the first worker; more follow as they are needed.</summary>
    public void Start() => AddWorker();

    /// <summary>Cuts the connection. Requests under way go on and their replies are kept.</summary>
    public void Abort()
    {
        _closed = true;
        stream.Dispose();
    }

    /// <summary>Cuts the connection and waits until nothing more can be read from it.</summary>
    public void Quiesce()
    {
        Abort();
        lock (_turn)
            _channel.Detach(this);
    }

    /// <summary>Sends a reply; a connection that fails is cut.</summary>
    public void Send(ReadOnlySpan<byte> reply)
    {
        try
        {
            lock (_sending)
            {
                stream.Write(reply);
                stream.Flush();
            }
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException or InvalidOperationException)
        {
            Abort();
        }
    }

    private void AddWorker()
    {
        Interlocked.Increment(ref _workers);
        new Thread(Work, StackSize) { IsBackground = true, Name = $"files {kind}" }.Start();
    }

    private void Work()
    {
        try
        {
            using var worker = new Worker(WorkerIdentity.Assume(credentials));
            while (TakeTurn(worker))
                Handle(worker);
        }
        catch (FileViewException failure)
        {
            _failure = failure;
            Abort();
        }
        finally
        {
            if (Interlocked.Decrement(ref _workers) == 0)
                End();
        }
    }

    /// <summary>Deals with the request that was read, and leaves the session.</summary>
    private void Handle(Worker worker)
    {
        try
        {
            if (worker.Admission == Admission.Execute)
                Execute(worker);
            else if (worker.Answer is { } answer)
                Send(answer);
        }
        finally
        {
            session.Leave();
        }
    }

    private void End()
    {
        _channel.Detach(this);
        // The last worker, which acts as the job's user.
        Posts.Add(() =>
        {
            if (_failure is null)
                _ended.TrySetResult();
            else
                _ended.TrySetException(_failure);
        });
    }

    /// <summary>Reads the next request, having executed those that are ordered; on success the session is entered.</summary>
    private bool TakeTurn(Worker worker)
    {
        Interlocked.Increment(ref _waiting);
        lock (_turn)
        {
            Interlocked.Decrement(ref _waiting);
            try
            {
                while (true)
                {
                    if (_closed || !ReadRequest(worker) || !session.TryEnter())
                    {
                        Abort();
                        return false;
                    }

                    if (!worker.IsOrdered)
                        break;
                    Handle(worker);
                    _channel.OrderedDone(worker.Sequence);
                }
            }
            catch (Exception failure) when (failure is IOException or ObjectDisposedException or InvalidOperationException)
            {
                Abort();
                return false;
            }

            if (Volatile.Read(ref _waiting) == 0 && Volatile.Read(ref _workers) < workerLimit)
                AddWorker();
            return true;
        }
    }

    /// <summary>Reads messages until one has a request; false if the peer breaks the protocol.</summary>
    private bool ReadRequest(Worker worker)
    {
        while (true)
        {
            var frame = StreamStructs.Read<RequestFrame>(stream);
            var acknowledged = (ulong)frame.AcknowledgementCount * sizeof(ulong);
            if (frame.Length > FrameLimits.Request || frame.AcknowledgementCount > FrameLimits.Acknowledgements
                || frame.Length < RequestFrame.Size + acknowledged)
                return false;
            var body = worker.Room((int)frame.Length - RequestFrame.Size);
            stream.ReadExactly(body);
            _channel.Acknowledge(body[^(int)acknowledged..]);
            if (frame.Sequence == 0)
            {
                Send(worker.Reply.SealSignOfLife(_channel.Received));
                continue;
            }

            worker.MessageLength = body.Length - (int)acknowledged;
            if (!FuseRequest.TryParse(worker.Message, out var request) || FuseOpcodes.IsBulk(request.Header.Opcode) != (kind == ChannelKind.Bulk))
                return false;
            worker.Sequence = frame.Sequence;
            worker.After = kind == ChannelKind.Metadata ? frame.After : 0;
            worker.IsOrdered = frame.Flags.HasFlag(RequestFlags.Ordered) && request.Header.Opcode == FuseOpcode.Write;
            worker.Admission = _channel.Admit(frame.Sequence, request.Header.Opcode, out var answer);
            worker.Answer = answer;
            return worker.Admission != Admission.Breach;
        }
    }

    private void Execute(Worker worker)
    {
        _ = FuseRequest.TryParse(worker.Message, out var request);
        if (worker.After > 0 && !session.Channel(ChannelKind.Bulk).WaitForOrdered(worker.After))
            return;
        if (request.Header.Opcode == FuseOpcode.Destroy)
        {
            session.Close();
            return;
        }

        var reply = worker.Reply;
        reply.Flags = ReplyFlags.None;
        int result;
        try
        {
            result = RequestExecution.Execute(session.Tree, request, worker.Identity, reply);
        }
        catch (InvalidOperationException)
        {
            // Only a peer that is no kernel closes a file or forgets a node in the middle of another request on it.
            worker.Identity.EndCreation(request.Header);
            result = -Errno.BadDescriptor;
        }

        var sealedReply = reply.Seal(result, worker.Sequence, request.Header.Unique, _channel.Received).Span;
        var connection = _channel.Complete(worker.Sequence, request.Header.Opcode, sealedReply);
        if (!FuseOpcodes.IsOneWay(request.Header.Opcode))
            connection?.Send(sealedReply);
    }

    /// <summary>What one thread has to itself.</summary>
    private sealed class Worker(WorkerIdentity identity) : IDisposable
    {
        private const int SmallRequest = 16 * 1024;
        private byte[] _buffer = new byte[SmallRequest];

        public WorkerIdentity Identity => identity;

        public ReplyBuffer Reply { get; } = new();

        public ulong Sequence { get; set; }

        public ulong After { get; set; }

        public bool IsOrdered { get; set; }

        public Admission Admission { get; set; }

        public byte[]? Answer { get; set; }

        public int MessageLength { get; set; }

        public ReadOnlySpan<byte> Message => _buffer.AsSpan(0, MessageLength);

        public Span<byte> Room(int size)
        {
            if (_buffer.Length < size)
                _buffer = ArrayPool<byte>.Shared.Rent(FrameLimits.Request);
            return _buffer.AsSpan(0, size);
        }

        public void Dispose()
        {
            if (_buffer.Length > SmallRequest)
                ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
            Reply.Dispose();
        }
    }
}
