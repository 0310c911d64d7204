namespace Isobar.Protocol.Links;

/// <summary>A bounded first-in first-out buffer of bytes that counts every byte that ever went through it.</summary>
/// <remarks>
/// Not synchronised: the link that owns it holds its lock. Its memory grows with what it has held at a time: a link has many of these, most of which never hold more than a message, and
/// arrays of the full size at once made the collector work in each start of a job.
/// </remarks>
internal sealed class ByteRing(int capacity)
{
    private const int Smallest = 1024;

    private byte[] _bytes = [];

    /// <summary>Bytes dropped from the front since the beginning: the stream offset of the first byte held.</summary>
    public long Start { get; private set; }

    /// <summary>Bytes appended since the beginning: the stream offset after the last byte held.</summary>
    public long End { get; private set; }

    public int Count => (int)(End - Start);

    public int Free => capacity - Count;

    /// <summary>Appends what fits and returns how much that was.</summary>
    public int Append(ReadOnlySpan<byte> source)
    {
        var length = Math.Min(source.Length, Free);
        if (length == 0)
            return 0;
        MakeRoom(Count + length);
        var at = (int)(End % _bytes.Length);
        var first = Math.Min(length, _bytes.Length - at);
        source[..first].CopyTo(_bytes.AsSpan(at));
        source[first..length].CopyTo(_bytes);
        End += length;
        return length;
    }

    /// <summary>Copies bytes from stream offset <paramref name="from"/> on, without dropping them.</summary>
    public int Peek(long from, Span<byte> target)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(from, Start);
        var length = (int)Math.Min(target.Length, End - from);
        if (length <= 0)
            return 0;
        var at = (int)(from % _bytes.Length);
        var first = Math.Min(length, _bytes.Length - at);
        _bytes.AsSpan(at, first).CopyTo(target);
        _bytes.AsSpan(0, length - first).CopyTo(target[first..]);
        return length;
    }

    /// <summary>Drops every byte before stream offset <paramref name="to"/>.</summary>
    public void DropTo(long to)
    {
        if (to < Start || to > End)
            throw new InvalidDataException($"The other side of a link acknowledged byte {to}, but only {Start} to {End} are under way.");
        Start = to;
    }

    private void MakeRoom(int wanted)
    {
        if (wanted <= _bytes.Length)
            return;
        var size = Math.Max(Smallest, _bytes.Length);
        while (size < wanted)
            size *= 2;
        var larger = new byte[Math.Min(size, capacity)];
        // A byte's place depends on the size: what is held is put where it would be if the array had always been so large.
        for (var from = Start; from < End;)
        {
            var length = Peek(from, larger.AsSpan((int)(from % larger.Length)));
            from += length;
        }

        _bytes = larger;
    }
}
