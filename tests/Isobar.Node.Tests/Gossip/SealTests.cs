using System.Text;
using Isobar.Balancing;
using Isobar.Node.Gossip;

namespace Isobar.Node.Tests.Gossip;

public sealed class SealTests : IDisposable
{
    private static readonly NodeId Alpha = new(1);
    private static readonly NodeId Beta = new(2);
    private static readonly NodeId Gamma = new(3);

    private readonly GossipKeyRing _ring = GossipKeyRing.Empty.Next(DateTimeOffset.UtcNow, endsOthers: false);
    private readonly DatagramOpener _beta = new(Beta);
    private readonly byte[] _datagram = new byte[DatagramForm.MaxSize];
    private readonly byte[] _message = new byte[DatagramForm.MaxSize];

    public SealTests() => _beta.Use(_ring, node => node == Alpha || node == Gamma);

    public void Dispose() => _beta.Dispose();

    [Fact]
    public void What_was_sealed_for_a_node_is_opened_there_once()
    {
        using var alpha = Sealer(Alpha, 1);
        var datagram = Seal(alpha, "load 3", Beta);
        Assert.Equal((Opening.Opened, "load 3", Alpha), Open(datagram));
        Assert.Equal(Opening.Replayed, Open(datagram).Opening);
    }

    [Fact]
    public void Every_changed_bit_is_noticed()
    {
        using var alpha = Sealer(Alpha, 1);
        var datagram = Seal(alpha, "x", Beta);
        for (var bit = 0; bit < datagram.Length * 8; bit++)
        {
            var changed = datagram.ToArray();
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.NotEqual(Opening.Opened, Open(changed).Opening);
        }

        // And nothing of that has hurt the true one.
        Assert.Equal(Opening.Opened, Open(datagram).Opening);
    }

    [Fact]
    public void A_datagram_for_another_node_is_forged_here()
    {
        using var alpha = Sealer(Alpha, 1);
        Assert.Equal(Opening.Forged, Open(Seal(alpha, "for gamma", Gamma)).Opening);
    }

    [Fact]
    public void Somebody_without_the_key_somebody_unknown_and_rubbish_are_told_apart()
    {
        using var outsider = new DatagramSealer(Alpha, 1);
        outsider.Use(GossipKeyRing.Empty.Next(DateTimeOffset.UtcNow, false).Newest!);
        Assert.Equal(Opening.Forged, Open(Seal(outsider, "x", Beta)).Opening);
        using var stranger = Sealer(new NodeId(77), 1);
        Assert.Equal(Opening.Stranger, Open(Seal(stranger, "x", Beta)).Opening);
        Assert.Equal(Opening.Malformed, Open([1, 2, 3]).Opening);
        Assert.Equal(Opening.Malformed, Open(new byte[100]).Opening);
        using var newer = new DatagramSealer(Alpha, 1);
        newer.Use(_ring.Next(DateTimeOffset.UtcNow, false).Newest!);
        Assert.Equal(Opening.UnknownKey, Open(Seal(newer, "x", Beta)).Opening);
    }

    [Fact]
    public void Datagrams_may_overtake_each_other_but_an_old_one_counts_not()
    {
        using var alpha = Sealer(Alpha, 1);
        var datagrams = Enumerable.Range(0, 100).Select(i => Seal(alpha, $"{i}", Beta)).ToList();
        Assert.Equal(Opening.Opened, Open(datagrams[1]).Opening);
        Assert.Equal(Opening.Opened, Open(datagrams[0]).Opening);
        Assert.Equal(Opening.Opened, Open(datagrams[99]).Opening);
        Assert.Equal(Opening.Opened, Open(datagrams[60]).Opening);
        Assert.Equal(Opening.Replayed, Open(datagrams[2]).Opening);
        Assert.Equal(Opening.Replayed, Open(datagrams[60]).Opening);
    }

    [Fact]
    public void The_life_before_is_over_as_soon_as_the_next_one_was_heard()
    {
        using var first = Sealer(Alpha, 1);
        using var second = Sealer(Alpha, 2);
        var old = Seal(first, "old", Beta);
        Assert.Equal(Opening.Opened, Open(Seal(second, "new", Beta)).Opening);
        Assert.Equal(Opening.Replayed, Open(old).Opening);
        Assert.Equal(Opening.Opened, Open(Seal(second, "still", Beta)).Opening);
    }

    [Fact]
    public void Keys_that_left_the_ring_open_nothing()
    {
        using var alpha = Sealer(Alpha, 1);
        Assert.Equal(Opening.Opened, Open(Seal(alpha, "x", Beta)).Opening);
        _beta.Use(new GossipKeyRing { Keys = [.. _ring.Next(DateTimeOffset.UtcNow, false).Keys.Skip(1)] }, _ => true);
        Assert.Equal(Opening.UnknownKey, Open(Seal(alpha, "y", Beta)).Opening);
    }

    [Fact]
    public void Sealed_bytes_tell_nothing_of_the_message()
    {
        using var alpha = Sealer(Alpha, 1);
        var secret = Encoding.UTF8.GetBytes("the same words every time");
        var (one, two) = (Seal(alpha, "the same words every time", Beta), Seal(alpha, "the same words every time", Beta));
        Assert.True(one.AsSpan().IndexOf(secret) < 0);
        Assert.False(one.AsSpan(DatagramForm.HeaderSize).SequenceEqual(two.AsSpan(DatagramForm.HeaderSize)));
    }

    private DatagramSealer Sealer(NodeId node, ulong session)
    {
        var sealer = new DatagramSealer(node, session);
        sealer.Use(_ring.Newest!);
        return sealer;
    }

    private byte[] Seal(DatagramSealer sealer, string text, NodeId to)
    {
        var size = sealer.Seal(Encoding.UTF8.GetBytes(text), to, _datagram);
        return _datagram[..size];
    }

    private (Opening Opening, string Text, NodeId From) Open(byte[] datagram)
    {
        var opening = _beta.TryOpen(datagram, _message, out var from, out var length);
        return (opening, opening == Opening.Opened ? Encoding.UTF8.GetString(_message.AsSpan(0, length)) : "", from);
    }
}
