using System.Runtime.InteropServices;
using Isobar.Linux.Fuse.Wire;

namespace Isobar.Linux.Fuse.Guest;

/// <summary>What a channel is about to send, put together so that small messages share a write. Not safe for several threads: its channel guards it.</summary>
internal sealed class OutgoingMessages(RequestLedger ledger)
{
    private const int BatchSize = 32 * 1024;

    private readonly Queue<PendingRequest> _queue = new();
    private readonly byte[] _batch = new byte[BatchSize];
    private bool _signWanted;

    public ReadOnlySpan<byte> Batch(int length) => _batch.AsSpan(0, length);

    public void Add(PendingRequest request) => _queue.Enqueue(request);

    /// <summary>Sends an empty message if there is no other.</summary>
    public void AskForSign() => _signWanted = true;

    /// <summary>Begins again with everything that home has not answered.</summary>
    public void Restart()
    {
        _queue.Clear();
        foreach (var request in ledger.Outstanding())
            _queue.Enqueue(request);
        _signWanted = false;
    }

    /// <summary>Collects small messages, or takes one large one to be sent from where it lies.</summary>
    public int Fill(out PendingRequest? large)
    {
        large = null;
        var used = 0;
        while (_queue.TryPeek(out var next))
        {
            if (next.IsDone)
            {
                _queue.Dequeue();
                continue;
            }

            if (next.Length > BatchSize / 2)
            {
                if (used > 0)
                    break;
                large = _queue.Dequeue();
                large.IsWriting = true;
                Seal(large.Buffer, large.Length, large, 0);
                return 0;
            }

            if (used + next.Length + (FrameLimits.Acknowledgements * sizeof(ulong)) > BatchSize)
                break;
            _queue.Dequeue();
            next.Message.CopyTo(_batch.AsSpan(used));
            used += Finish(used, next.Length, next);
        }

        if (used == 0 && (_signWanted || ledger.Acknowledgements >= FrameLimits.Acknowledgements))
        {
            _signWanted = false;
            used = Finish(0, RequestFrame.Size, null);
        }

        return used;
    }

    /// <summary>Adds acknowledgements to a message in the batch and writes its header; the message's whole length.</summary>
    private int Finish(int start, int length, PendingRequest? request)
    {
        var count = Math.Min(ledger.Acknowledgements, FrameLimits.Acknowledgements);
        for (var i = 0; i < count; i++)
        {
            var acknowledged = ledger.NextAcknowledgement();
            MemoryMarshal.Write(_batch.AsSpan(start + length + (i * sizeof(ulong))), acknowledged);
        }

        var total = length + (count * sizeof(ulong));
        Seal(_batch.AsSpan(start), total, request, count);
        return total;
    }

    private static void Seal(Span<byte> message, int length, PendingRequest? request, int acknowledgements) =>
        MemoryMarshal.Write(message, new RequestFrame
        {
            Length = (uint)length,
            AcknowledgementCount = (ushort)acknowledgements,
            Flags = request?.Early is null ? RequestFlags.None : RequestFlags.Ordered,
            Sequence = request?.Sequence ?? 0,
            After = request?.After ?? 0,
        });
}
