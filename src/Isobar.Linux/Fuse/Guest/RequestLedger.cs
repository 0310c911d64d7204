using Isobar.Linux.Fuse.Protocol;

namespace Isobar.Linux.Fuse.Guest;

/// <summary>Requests of one channel that home may need again, in order. Not safe for several threads: its channel guards it.</summary>
internal sealed class RequestLedger
{
    private readonly Dictionary<ulong, PendingRequest> _awaited = [];
    private readonly Queue<PendingRequest> _oneWay = new();
    private readonly Queue<ulong> _acknowledgements = new();
    private ulong _last;

    public int Awaited => _awaited.Count;

    public int Acknowledgements => _acknowledgements.Count;

    /// <summary>Gives a request its number.</summary>
    public void Add(PendingRequest request)
    {
        request.Sequence = ++_last;
        if (FuseOpcodes.IsOneWay(request.Opcode))
            _oneWay.Enqueue(request);
        else
            _awaited.Add(request.Sequence, request);
    }

    /// <summary>Takes the request that a reply belongs to, and remembers to thank for a reply that home keeps.</summary>
    public PendingRequest? Answered(ulong sequence)
    {
        if (!_awaited.Remove(sequence, out var request))
            return null;
        request.IsDone = true;
        if (!FuseOpcodes.IsRepeatable(request.Opcode))
            _acknowledgements.Enqueue(sequence);
        return request;
    }

    /// <summary>Home has everything up to a number: what it never answers is done.</summary>
    public void Received(ulong sequence)
    {
        while (_oneWay.TryPeek(out var request) && request.Sequence <= sequence)
            _oneWay.Dequeue().IsDone = true;
    }

    public ulong NextAcknowledgement() => _acknowledgements.Dequeue();

    /// <summary>Everything to be sent over a new connection.</summary>
    public IEnumerable<PendingRequest> Outstanding() => _awaited.Values.Concat(_oneWay).OrderBy(request => request.Sequence);
}
