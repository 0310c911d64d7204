using CsCheck;
using Isobar.Balancing.Dissemination;
using Isobar.Balancing.Load;

namespace Isobar.Balancing.Tests.Dissemination;

public sealed class LoadMessageCodecTests
{
    private static readonly Instant Now = Instant.FromSeconds(5000);

    private static readonly Gen<float> Amount = Gen.Double[0, 60000].Select(x => (float)x);

    private static readonly Gen<float> Positive = Gen.Double[0.001, 60000].Select(x => (float)x);

    private static readonly Gen<LoadEntry> Entry =
        Gen.Select(
            Gen.Select(Gen.Int[0, int.MaxValue], Gen.UInt, Gen.UInt, Gen.Double[0, 4000]),
            Gen.Select(Amount, Amount, Positive, Positive, Positive),
            Gen.Select(Gen.UShort[1, ushort.MaxValue], Gen.UShort, Gen.UInt, Gen.UInt, Gen.UShort, Gen.UShort),
            Gen.Select(Gen.Byte, Gen.Byte, Gen.Byte[0, 100], Gen.Byte[0, 100]))
        .Select((id, amounts, counts, bytes) => new LoadEntry
        {
            Node = new NodeId(id.Item1),
            Incarnation = id.Item2,
            Sequence = id.Item3,
            Stamp = Now - id.Item4,
            Load = amounts.Item1,
            Ready = amounts.Item2,
            Speed = Math.Max(amounts.Item3, amounts.Item5),
            SlowestSpeed = Math.Min(amounts.Item3, amounts.Item5),
            Capacity = amounts.Item4,
            Cores = counts.Item1,
            Guests = counts.Item2,
            FreeMemoryMiB = counts.Item3,
            TotalMemoryMiB = counts.Item4,
            OwnerIdleSeconds = counts.Item5,
            Flags = (NodeFlags)counts.Item6,
            Level = bytes.Item1,
            Users = bytes.Item2,
            DiskPercent = bytes.Item3,
            NetworkPercent = bytes.Item4,
        });

    [Fact]
    public void A_message_comes_back_as_it_went_but_for_rounding() =>
        Gen.Select(Entry.Array[0, 40], Gen.Int[1, 5], Gen.Double[-1000, 1000]).Sample((entries, kind, clock) =>
        {
            var message = new LoadMessage((MessageKind)kind, entries);
            byte[] bytes = new byte[message.EncodedSize];
            Assert.Equal(bytes.Length, LoadMessageCodec.Encode(in message, Now, bytes));

            // The reader's clock is another one: ages travel, not stamps.
            Instant there = Now + clock;
            var decoded = new LoadEntry[entries.Length];
            Assert.True(LoadMessageCodec.TryDecode(bytes, there, decoded, out MessageKind read, out int count));
            Assert.Equal(message.Kind, read);
            Assert.Equal(entries.Length, count);
            for (int i = 0; i < count; i++)
            {
                LoadEntry e = entries[i];
                LoadEntry d = decoded[i];
                Assert.Equal(e.Age(Now), d.Age(there), 0.0001);
                Assert.Equal((e.Node, e.Incarnation, e.Sequence), (d.Node, d.Incarnation, d.Sequence));
                Assert.Equal((e.Cores, e.Guests, e.FreeMemoryMiB, e.TotalMemoryMiB), (d.Cores, d.Guests, d.FreeMemoryMiB, d.TotalMemoryMiB));
                Assert.Equal((e.OwnerIdleSeconds, e.Flags, e.Level, e.Users), (d.OwnerIdleSeconds, d.Flags, d.Level, d.Users));
                Assert.Equal((e.DiskPercent, e.NetworkPercent), (d.DiskPercent, d.NetworkPercent));
                Close(e.Load, d.Load);
                Close(e.Ready, d.Ready);
                Close(e.Speed, d.Speed);
                Close(e.Capacity, d.Capacity);
                Close(e.SlowestSpeed, d.SlowestSpeed);
            }
        });

    [Fact]
    public void Foreign_bytes_are_refused_or_make_sane_entries_and_never_throw() =>
        Gen.Byte.Array[0, 300].Sample(bytes =>
        {
            var entries = new LoadEntry[8];
            if (LoadMessageCodec.TryDecode(bytes, Now, entries, out _, out int count))
                AssertSane(entries.AsSpan(0, count));
        }, iter: 20_000);

    [Fact]
    public void A_damaged_message_is_refused_or_makes_sane_entries_and_never_throws() =>
        Gen.Select(Entry.Array[1, 6], Gen.Int[0, 279], Gen.Byte, Gen.Int[0, 20]).Sample((entries, at, value, cut) =>
        {
            var message = new LoadMessage(MessageKind.Push, entries);
            byte[] bytes = new byte[message.EncodedSize];
            LoadMessageCodec.Encode(in message, Now, bytes);
            bytes[at % bytes.Length] = value;
            var decoded = new LoadEntry[8];
            if (LoadMessageCodec.TryDecode(bytes.AsSpan(0, bytes.Length - cut), Now, decoded, out _, out int count))
            {
                Assert.Equal(0, cut);
                AssertSane(decoded.AsSpan(0, count));
            }
        }, iter: 20_000);

    [Fact]
    public void Another_version_is_refused()
    {
        var message = new LoadMessage(MessageKind.Pull, default);
        byte[] bytes = new byte[message.EncodedSize];
        LoadMessageCodec.Encode(in message, Now, bytes);
        Assert.Equal([1, 2, 0, 0], bytes);
        Assert.True(LoadMessageCodec.TryDecode(bytes, Now, [], out _, out _));
        bytes[0]++;
        Assert.False(LoadMessageCodec.TryDecode(bytes, Now, [], out _, out _));
    }

    [Fact]
    public void Too_little_room_is_told_when_writing_and_refused_when_reading()
    {
        var entries = new LoadEntry[2];
        var e = Assert.Throws<BalancingException>(() => LoadMessageCodec.Encode(new LoadMessage(MessageKind.Push, entries), Now, new byte[50]));
        Assert.Contains("96", e.Message, StringComparison.Ordinal);
        Assert.Throws<BalancingException>(() => LoadMessageCodec.Encode(new LoadMessage(MessageKind.Push, new LoadEntry[1401]), Now, new byte[70000]));
        Assert.True(LoadMessageCodec.SizeOf(LoadMessageCodec.MaxEntries) <= 65507);
    }

    [Fact]
    public void An_endless_load_stays_a_number()
    {
        var entry = new LoadEntry { Node = new NodeId(1), Cores = 1, Speed = 1, SlowestSpeed = 1, Capacity = 1, Load = float.PositiveInfinity, Ready = 1e9f };
        byte[] bytes = new byte[LoadMessageCodec.EntrySize];
        LoadMessageCodec.EncodeEntry(in entry, Now, bytes);
        Assert.True(LoadMessageCodec.TryDecodeEntry(bytes, Now, out LoadEntry read));
        Assert.Equal(65504, read.Load);
    }

    private static void Close(float expected, float actual) => Assert.Equal(expected, actual, Math.Max(1e-4, expected * 0.0005));

    private static void AssertSane(ReadOnlySpan<LoadEntry> entries)
    {
        foreach (LoadEntry entry in entries)
        {
            Assert.False(entry.Node.IsNone);
            Assert.True(entry.Cores > 0 && entry.Speed > 0 && entry.SlowestSpeed <= entry.Speed && entry.Capacity > 0);
            Assert.True(float.IsFinite(entry.Load) && entry.Load >= 0 && float.IsFinite(entry.Ready) && entry.Ready >= 0);
            Assert.True(entry.DiskPercent <= 100 && entry.NetworkPercent <= 100 && entry.Age(Now) >= 0);
        }
    }
}
