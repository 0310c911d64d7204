using Isobar.Protocol.Links;

namespace Isobar.Protocol.Tests.Links;

public sealed class ByteRingTests
{
    private const int Capacity = 5000;

    /// <summary>It grows while it holds bytes whose place depends on its size: compared with a list that keeps all.</summary>
    [Fact]
    public void What_goes_in_comes_out_whatever_it_grows_to()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var ring = new ByteRing(Capacity);
            var all = new List<byte>();
            var dropped = 0;
            for (var step = 0; step < 60; step++)
            {
                var piece = new byte[random.Next(random.Next(4) == 0 ? 4000 : 300)];
                random.NextBytes(piece);
                var fits = Math.Min(piece.Length, Capacity - (all.Count - dropped));
                Assert.Equal(fits, ring.Append(piece));
                all.AddRange(piece.AsSpan(0, fits));
                var from = random.Next(dropped, all.Count + 1);
                var seen = new byte[random.Next(2000)];
                var length = ring.Peek(from, seen);
                Assert.Equal(Math.Min(seen.Length, all.Count - from), length);
                Assert.Equal(all.Skip(from).Take(length), seen.Take(length));
                dropped = random.Next(dropped, all.Count + 1);
                ring.DropTo(dropped);
                Assert.Equal((dropped, all.Count), (ring.Start, ring.End));
            }
        }
    }

    [Fact]
    public void What_is_full_takes_nothing_and_keeps_what_it_has()
    {
        var ring = new ByteRing(3);
        Assert.Equal(3, ring.Append([1, 2, 3, 4]));
        Assert.Equal(0, ring.Append([5]));
        var seen = new byte[4];
        Assert.Equal(3, ring.Peek(0, seen));
        Assert.Equal([1, 2, 3, 0], seen);
    }
}
