using System.Buffers.Binary;
using Isobar.Balancing.Load;

namespace Isobar.Balancing.Dissemination;

/// <summary>
/// The bytes of a <see cref="LoadMessage"/>: version, kind, number of entries, then entries of fixed size, little endian.
/// Quantised: loads and speeds as binary16 (error below 0.05 %), ages in 100 µs steps up to 119 hours.
/// </summary>
public static class LoadMessageCodec
{
    /// <summary>The version that is written; a reader refuses others.</summary>
    public const byte Version = 1;

    public const int HeaderSize = 4;

    public const int EntrySize = 46;

    /// <summary>The most entries of one message: it fits into a UDP datagram.</summary>
    public const int MaxEntries = 1400;

    private const double AgeStep = 1e-4;

    public static int SizeOf(int entries) => HeaderSize + entries * EntrySize;

    /// <summary>Writes the message and returns its size.</summary>
    /// <exception cref="BalancingException">The buffer is too small, or there are too many entries.</exception>
    public static int Encode(in LoadMessage message, Instant now, Span<byte> destination)
    {
        int count = message.Entries.Length;
        int size = SizeOf(count);
        if (count > MaxEntries)
            throw new BalancingException($"A load message holds at most {MaxEntries} entries, not {count}; send it in parts.");
        if (destination.Length < size)
            throw new BalancingException($"The buffer has {destination.Length} bytes, the load message needs {size}.");
        destination[0] = Version;
        destination[1] = (byte)message.Kind;
        BinaryPrimitives.WriteUInt16LittleEndian(destination[2..], (ushort)count);
        for (int i = 0; i < count; i++)
            EncodeEntry(in message.Entries[i], now, destination.Slice(HeaderSize + i * EntrySize, EntrySize));
        return size;
    }

    /// <summary>
    /// Reads a message; the entries go to <paramref name="entries"/>, which must have room for all of them. False for anything that
    /// this version did not write: wrong version, kind, length, a number that no node can have. Never throws on foreign bytes.
    /// </summary>
    public static bool TryDecode(ReadOnlySpan<byte> source, Instant now, Span<LoadEntry> entries, out MessageKind kind, out int count)
    {
        kind = default;
        count = 0;
        if (source.Length < HeaderSize || source[0] != Version || source[1] is < (byte)MessageKind.Push or > (byte)MessageKind.Summary)
            return false;
        int announced = BinaryPrimitives.ReadUInt16LittleEndian(source[2..]);
        if (announced > MaxEntries || announced > entries.Length || source.Length != SizeOf(announced))
            return false;
        for (int i = 0; i < announced; i++)
        {
            if (!TryDecodeEntry(source.Slice(HeaderSize + i * EntrySize, EntrySize), now, out entries[i]))
                return false;
        }

        kind = (MessageKind)source[1];
        count = announced;
        return true;
    }

    /// <summary>Writes one entry, for headers of other traffic (piggyback): <see cref="EntrySize"/> bytes.</summary>
    public static void EncodeEntry(in LoadEntry entry, Instant now, Span<byte> to)
    {
        BinaryPrimitives.WriteInt32LittleEndian(to, entry.Node.Value);
        BinaryPrimitives.WriteUInt32LittleEndian(to[4..], entry.Incarnation);
        BinaryPrimitives.WriteUInt32LittleEndian(to[8..], entry.Sequence);
        double steps = Math.Round(Math.Max(0, entry.Age(now)) / AgeStep);
        BinaryPrimitives.WriteUInt32LittleEndian(to[12..], (uint)Math.Min(steps, uint.MaxValue));
        BinaryPrimitives.WriteHalfLittleEndian(to[16..], ToHalf(entry.Load));
        BinaryPrimitives.WriteHalfLittleEndian(to[18..], ToHalf(entry.Ready));
        BinaryPrimitives.WriteHalfLittleEndian(to[20..], ToHalf(entry.Speed));
        BinaryPrimitives.WriteHalfLittleEndian(to[22..], ToHalf(entry.Capacity));
        BinaryPrimitives.WriteHalfLittleEndian(to[24..], ToHalf(entry.SlowestSpeed));
        BinaryPrimitives.WriteUInt16LittleEndian(to[26..], entry.Cores);
        BinaryPrimitives.WriteUInt16LittleEndian(to[28..], entry.Guests);
        BinaryPrimitives.WriteUInt32LittleEndian(to[30..], entry.FreeMemoryMiB);
        BinaryPrimitives.WriteUInt32LittleEndian(to[34..], entry.TotalMemoryMiB);
        BinaryPrimitives.WriteUInt16LittleEndian(to[38..], entry.OwnerIdleSeconds);
        BinaryPrimitives.WriteUInt16LittleEndian(to[40..], (ushort)entry.Flags);
        to[42] = entry.Level;
        to[43] = entry.Users;
        to[44] = entry.DiskPercent;
        to[45] = entry.NetworkPercent;
    }

    /// <summary>Reads one entry; false for values that no node can have.</summary>
    public static bool TryDecodeEntry(ReadOnlySpan<byte> from, Instant now, out LoadEntry entry)
    {
        entry = default;
        if (from.Length < EntrySize)
            return false;
        int node = BinaryPrimitives.ReadInt32LittleEndian(from);
        float load = (float)BinaryPrimitives.ReadHalfLittleEndian(from[16..]);
        float ready = (float)BinaryPrimitives.ReadHalfLittleEndian(from[18..]);
        float speed = (float)BinaryPrimitives.ReadHalfLittleEndian(from[20..]);
        float capacity = (float)BinaryPrimitives.ReadHalfLittleEndian(from[22..]);
        float slowest = (float)BinaryPrimitives.ReadHalfLittleEndian(from[24..]);
        ushort cores = BinaryPrimitives.ReadUInt16LittleEndian(from[26..]);
        bool sane = node >= 0 && cores > 0 && IsAmount(load) && IsAmount(ready)
            && IsAmount(speed) && IsAmount(capacity) && IsAmount(slowest)
            && speed > 0 && capacity > 0 && slowest > 0 && slowest <= speed
            && from[44] <= 100 && from[45] <= 100;
        if (!sane)
            return false;
        entry = new LoadEntry
        {
            Node = new NodeId(node),
            Incarnation = BinaryPrimitives.ReadUInt32LittleEndian(from[4..]),
            Sequence = BinaryPrimitives.ReadUInt32LittleEndian(from[8..]),
            Stamp = now - BinaryPrimitives.ReadUInt32LittleEndian(from[12..]) * AgeStep,
            Load = load,
            Ready = ready,
            Speed = speed,
            Capacity = capacity,
            SlowestSpeed = slowest,
            Cores = cores,
            Guests = BinaryPrimitives.ReadUInt16LittleEndian(from[28..]),
            FreeMemoryMiB = BinaryPrimitives.ReadUInt32LittleEndian(from[30..]),
            TotalMemoryMiB = BinaryPrimitives.ReadUInt32LittleEndian(from[34..]),
            OwnerIdleSeconds = BinaryPrimitives.ReadUInt16LittleEndian(from[38..]),
            Flags = (NodeFlags)BinaryPrimitives.ReadUInt16LittleEndian(from[40..]),
            Level = from[42],
            Users = from[43],
            DiskPercent = from[44],
            NetworkPercent = from[45],
        };
        return true;
    }

    // A half holds up to 65504; more than that is "very much" and must not become infinity.
    private static Half ToHalf(float value) => (Half)Math.Clamp(value, 0f, 65504f);

    private static bool IsAmount(float value) => float.IsFinite(value) && value >= 0;
}
