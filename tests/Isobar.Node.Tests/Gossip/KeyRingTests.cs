using Isobar.Node.Gossip;

namespace Isobar.Node.Tests.Gossip;

public sealed class KeyRingTests
{
    private static readonly DateTimeOffset Noon = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_new_key_is_sealed_with_when_all_can_have_got_it()
    {
        var ring = GossipKeyRing.Empty.Next(Noon, false).Next(Noon.AddHours(12), false);
        Assert.Equal(1u, ring.ToSealWith(Noon.AddHours(12).AddSeconds(5), TimeSpan.FromSeconds(15))!.Id);
        Assert.Equal(2u, ring.ToSealWith(Noon.AddHours(12).AddSeconds(20), TimeSpan.FromSeconds(15))!.Id);
        Assert.Equal(1u, GossipKeyRing.Empty.Next(Noon, false).ToSealWith(Noon, TimeSpan.FromSeconds(15))!.Id);
        Assert.Null(GossipKeyRing.Empty.ToSealWith(Noon, TimeSpan.FromSeconds(15)));
    }

    [Fact]
    public void Three_keys_are_kept()
    {
        var ring = GossipKeyRing.Empty;
        for (var i = 0; i < 10; i++)
            ring = ring.Next(Noon.AddHours(12 * i), false);
        Assert.Equal([8u, 9u, 10u], ring.Keys.Select(key => key.Id));
        Assert.Equal(3, ring.Keys.Select(key => Convert.ToHexString(key.Secret)).Distinct().Count());
    }

    [Fact]
    public void The_keys_of_one_who_left_end_after_a_minute_and_are_not_sealed_with()
    {
        var ring = GossipKeyRing.Empty.Next(Noon, false).Next(Noon.AddHours(1), endsOthers: true);
        Assert.Equal(2u, ring.ToSealWith(Noon.AddHours(1), TimeSpan.FromSeconds(15))!.Id);
        Assert.NotNull(ring.At(Noon.AddHours(1).AddSeconds(30)).Find(1));
        Assert.Null(ring.At(Noon.AddHours(1).AddSeconds(61)).Find(1));
        Assert.NotNull(ring.At(Noon.AddHours(1).AddSeconds(61)).Find(2));
    }

    [Fact]
    public void A_ring_goes_through_the_store_unchanged()
    {
        var ring = GossipKeyRing.Empty.Next(Noon, false).Next(Noon, true);
        var back = GossipKeyRing.FromJson(ring.ToJson());
        Assert.Equal(ring.Keys.Select(key => (key.Id, Convert.ToHexString(key.Secret), key.EndsUnixSeconds)), back.Keys.Select(key => (key.Id, Convert.ToHexString(key.Secret), key.EndsUnixSeconds)));
    }
}
