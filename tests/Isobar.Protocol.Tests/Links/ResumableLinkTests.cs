using CsCheck;
using Isobar.Protocol.Links;

namespace Isobar.Protocol.Tests.Links;

public sealed class ResumableLinkTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Whatever_is_cut_nothing_is_lost_or_doubled()
    {
        await Gen.Select(Gen.Int[1, 400_000], Gen.Long[0, 60_000].Array[0, 6], Gen.Int[1, 90_000]).SampleAsync(
            async (length, cuts, piece) =>
            {
                var sent = new byte[length];
                new Random(length).NextBytes(sent);
                var (one, other) = (new ResumableLink(2, TimeProvider.System), new ResumableLink(2, TimeProvider.System));
                var carrying = CarryAsync(one, other, cuts);
                var writing = WriteAsync(one[1], sent, piece);
                var received = await ReadAllAsync(other[1]).WaitAsync(Patience);
                await writing.WaitAsync(Patience);
                one.Close();
                await carrying.WaitAsync(Patience);
                return sent.AsSpan().SequenceEqual(received);
            },
            iter: 30);
    }

    [Fact]
    public async Task A_writer_waits_while_the_reader_is_a_window_behind()
    {
        var (one, other) = (new ResumableLink(1, TimeProvider.System), new ResumableLink(1, TimeProvider.System));
        var (near, far) = CutStream.Pair(long.MaxValue);
        _ = one.RunAsync(near);
        _ = other.RunAsync(far);
        var writing = one[0].WriteAsync(new byte[1_000_000]).AsTask();
        await other[0].ReceivedAtLeastAsync(256 * 1024, TestContext.Current.CancellationToken).WaitAsync(Patience);
        Assert.False(writing.IsCompleted);
        var buffer = new byte[100_000];
        for (var read = 0; read < 1_000_000;)
            read += await other[0].ReadAsync(buffer).AsTask().WaitAsync(Patience);
        await writing.WaitAsync(Patience);
        await one[0].DrainAsync().WaitAsync(Patience);
        Assert.Equal(1_000_000, one[0].Written);
        one.CloseNow();
        other.CloseNow();
    }

    [Fact]
    public async Task What_the_other_side_has_not_consumed_can_be_taken_back()
    {
        var (one, other) = (new ResumableLink(1, TimeProvider.System), new ResumableLink(1, TimeProvider.System));
        var (near, far) = CutStream.Pair(long.MaxValue);
        _ = one.RunAsync(near);
        _ = other.RunAsync(far);
        await one[0].WriteAsync("0123456789"u8.ToArray());
        var buffer = new byte[4];
        await other[0].ReceivedAtLeastAsync(10, TestContext.Current.CancellationToken).WaitAsync(Patience);
        Assert.Equal(4, await other[0].ReadAsync(buffer));
        Assert.Equal("456789"u8.ToArray(), one[0].Unconsumed(other[0].Consumed));
        one.CloseNow();
        other.CloseNow();
    }

    [Fact]
    public async Task A_closed_link_fails_its_readers_and_writers()
    {
        var link = new ResumableLink(1, TimeProvider.System);
        var reading = link[0].ReadAsync(new byte[1]).AsTask();
        link.CloseNow();
        await Assert.ThrowsAsync<LinkClosedException>(() => reading);
        await Assert.ThrowsAsync<LinkClosedException>(async () => await link[0].WriteAsync(new byte[1]));
    }

    [Fact]
    public async Task The_last_words_of_a_local_peer_that_has_ended_are_read_though_nothing_can_be_sent_to_it()
    {
        var (one, other) = (new ResumableLink(2, TimeProvider.System) { IsLocal = true }, new ResumableLink(2, TimeProvider.System) { IsLocal = true });
        var (near, far) = CutStream.Pair(long.MaxValue);
        var carrying = one.RunAsync(near);
        var otherCarrying = other.RunAsync(far);
        await one[0].WriteAsync("input"u8.ToArray());
        await other[0].ReceivedAtLeastAsync(5, TestContext.Current.CancellationToken).WaitAsync(Patience);

        near.FailWritesBeforeReads();
        await other[1].WriteAsync("last words"u8.ToArray());
        other.Close();
        await otherCarrying.WaitAsync(Patience);
        one[0].Complete();
        await carrying.WaitAsync(Patience);
        Assert.True(one.IsClosed);
        var words = new byte[20];
        Assert.Equal(10, await one[1].ReadAsync(words).AsTask().WaitAsync(Patience));
        Assert.StartsWith("last words", System.Text.Encoding.ASCII.GetString(words), StringComparison.Ordinal);
    }

    private static async Task WriteAsync(LinkChannel channel, byte[] bytes, int piece)
    {
        for (var at = 0; at < bytes.Length; at += piece)
            await channel.WriteAsync(bytes.AsMemory(at, Math.Min(piece, bytes.Length - at)));
        channel.Complete();
    }

    private static async Task<byte[]> ReadAllAsync(LinkChannel channel)
    {
        var all = new MemoryStream();
        var buffer = new byte[10_000];
        int read;
        while ((read = await channel.ReadAsync(buffer)) > 0)
            all.Write(buffer, 0, read);
        return all.ToArray();
    }

    private static async Task CarryAsync(ResumableLink one, ResumableLink other, long[] cuts)
    {
        for (var i = 0; !one.IsClosed || !other.IsClosed; i++)
        {
            var (near, far) = CutStream.Pair(i < cuts.Length ? cuts[i] : long.MaxValue);
            await Task.WhenAll(one.RunAsync(near), other.RunAsync(far));
        }
    }
}
