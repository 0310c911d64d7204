using System.Numerics;
using System.Runtime.CompilerServices;

namespace Isobar.Simulation.Engine;

/// <summary>
/// Pending events that are never moved or cancelled: ticks, samples, messages. In a large cluster they are nearly all events, and in one heap each step of
/// a sift would miss the cache. Here an event is appended to the bin of its time; only the bin that is due is put in order, in a heap small enough
/// for the cache (a calendar queue: Brown, CACM 31(10), 1988, with fixed bins, since the periods of the policies tell what lies ahead). The order of
/// events is exactly that of one heap: by time, then by the order of scheduling.
/// </summary>
/// <remarks>
/// Events beyond the ring of bins wait in a heap of their own until the ring reaches them. The events of a bin are known before the first of them is
/// handled: <see cref="IForesight"/> may use that.
/// </remarks>
internal sealed class Calendar
{
    private const int LeastBins = 4096;
    private const int MostBins = 1 << 18;
    private const int PerBin = 128;
    private const int ChunkSize = 64;

    private readonly Chunk?[] _bins;
    private readonly double _binsPerSecond;
    private readonly CalendarHeap _near = new();
    private readonly CalendarHeap _far = new();
    private Chunk? _free;
    private long _current;
    private int _inRing;

    /// <param name="ahead">Seconds that the ring of bins covers: at least the longest common period.</param>
    /// <param name="perSecond">Events to expect per second, roughly: the more there are, the narrower is a bin, so that what its events need fits into the cache at once.</param>
    public Calendar(double ahead, double perSecond = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(ahead);
        var wanted = Math.Clamp(perSecond * ahead / PerBin, LeastBins, MostBins);
        _bins = new Chunk?[BitOperations.RoundUpToPowerOf2((uint)wanted)];
        _binsPerSecond = _bins.Length / ahead;
    }

    /// <summary>Told of the events of every bin that becomes due; null: nobody.</summary>
    public IForesight? Foresight { get; set; }

    public int Count => _near.Count + _inRing + _far.Count;

    /// <summary>The first event; only when there is one. Whenever there is any event, the first is in the near heap.</summary>
    public ref readonly CalendarEntry First => ref _near.First;

    public void Add(in CalendarEntry entry)
    {
        var bin = BinOf(entry.Time);
        if (Count == 0)
            _current = bin;

        if (bin <= _current)
        {
            _near.Push(in entry);
        }
        else if (bin < _current + _bins.Length)
        {
            Append(bin, in entry);
        }
        else
        {
            _far.Push(in entry);
        }
    }

    public void RemoveFirst()
    {
        _near.Pop();
        if (_near.Count == 0 && _inRing + _far.Count > 0)
            Advance();
    }

    // Times beyond what fits are far away all the same.
    private long BinOf(double time) => time * _binsPerSecond is var bin && bin < long.MaxValue / 2 ? (long)bin : long.MaxValue / 2;

    private void Advance()
    {
        while (_near.Count == 0)
        {
            _current = _inRing == 0 ? BinOf(_far.First.Time) : _current + 1;
            while (_far.Count > 0 && BinOf(_far.First.Time) is var bin && bin < _current + _bins.Length)
            {
                Append(bin, in _far.First);
                _far.Pop();
            }

            Empty((int)(_current & (_bins.Length - 1)));
        }
    }

    private void Append(long bin, in CalendarEntry entry)
    {
        ref var head = ref _bins[bin & (_bins.Length - 1)];
        if (head is null || head.Count == ChunkSize)
        {
            var chunk = _free ?? new Chunk();
            _free = chunk.Next;
            chunk.Next = head;
            head = chunk;
        }

        head.Items[head.Count++] = entry;
        _inRing++;
    }

    private void Empty(int bin)
    {
        var chunk = _bins[bin];
        _bins[bin] = null;
        while (chunk is not null)
        {
            _near.Append(chunk.Items.AsSpan(0, chunk.Count));
            _inRing -= chunk.Count;
            var next = chunk.Next;
            chunk.Count = 0;
            chunk.Next = _free;
            _free = chunk;
            chunk = next;
        }

        Foresight?.Coming(_near.Items);
        _near.Order();
    }

    private sealed class Chunk
    {
        public CalendarEntry[] Items { get; } = new CalendarEntry[ChunkSize];

        public int Count { get; set; }

        public Chunk? Next { get; set; }
    }
}

/// <summary>An event with all that it says.</summary>
internal readonly record struct CalendarEntry(double Time, long Sequence, long Payload, int Kind, int Subject)
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsBefore(in CalendarEntry other) => Time < other.Time || (Time == other.Time && Sequence < other.Sequence);
}
