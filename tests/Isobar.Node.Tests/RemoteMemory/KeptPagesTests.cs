using CsCheck;
using Isobar.Linux.Load;
using Isobar.Node.RemoteMemory;
using Isobar.Protocol.RemoteMemory;

namespace Isobar.Node.Tests.RemoteMemory;

public sealed class KeptPagesTests
{
    private static readonly Gen<(int Kind, uint Slot, int Pages, byte Content)> Steps =
        Gen.Select(Gen.Int[0, 2], Gen.UInt[0, 300], Gen.Int[1, PageFrame.MostPages], Gen.Byte);

    [Fact]
    public void It_has_what_was_kept_and_not_dropped_as_a_dictionary_would() => Steps.Array[1, 60].Sample(
        steps =>
        {
            using var pages = new KeptPages();
            var model = new Dictionary<uint, byte>();
            foreach (var (kind, slot, count, content) in steps)
            {
                var run = Enumerable.Range(0, count).Select(i => slot + (uint)i).ToList();
                var bytes = new byte[count * PageFrame.PageSize];
                switch (kind)
                {
                    case 0:
                        for (var i = 0; i < count; i++)
                            bytes.AsSpan(i * PageFrame.PageSize, PageFrame.PageSize).Fill(model[run[i]] = (byte)(content + i));
                        pages.Keep(slot, bytes);
                        break;
                    case 1:
                        run.ForEach(one => model.Remove(one));
                        pages.Drop(slot, count);
                        break;
                    default:
                        var isAll = run.TrueForAll(model.ContainsKey);
                        if (pages.TryGive(slot, bytes) != isAll)
                            return false;
                        for (var i = 0; isAll && i < count; i++)
                        {
                            if (bytes.AsSpan(i * PageFrame.PageSize, PageFrame.PageSize).ContainsAnyExcept(model[run[i]]))
                                return false;
                        }

                        break;
                }
            }

            return pages.Count == model.Count;
        },
        iter: 200);

    [Fact]
    public void The_memory_is_free_when_the_last_connection_has_left()
    {
        var pages = new KeptPages();
        pages.Keep(5, new byte[PageFrame.PageSize]);
        Assert.NotEqual(0, pages.Bytes);
        Assert.True(pages.TryUse());
        Assert.False(pages.Leave());
        Assert.NotEqual(0, pages.Bytes);
        Assert.True(pages.Leave());
        Assert.Equal(0, pages.Bytes);
        Assert.False(pages.TryUse());
    }

    [Fact]
    public void Who_comes_when_the_last_leaves_has_a_place_or_knows_that_there_is_none()
    {
        const int Rounds = 3000;
        using var both = new Barrier(2);
        KeptPages? pages = null;
        var leaving = new Thread(() =>
        {
            for (var i = 0; i < Rounds; i++)
            {
                both.SignalAndWait();
                pages!.Leave();
                both.SignalAndWait();
            }
        });
        var lost = 0;
        pages = new KeptPages();
        leaving.Start();
        for (var i = 0; i < Rounds; i++)
        {
            both.SignalAndWait();
            var hasCome = pages.TryUse();
            both.SignalAndWait();
            pages.Keep(0, new byte[PageFrame.PageSize]);
            if (pages.TryGive(0, new byte[PageFrame.PageSize]) != hasCome)
                lost++;
            pages.Dispose();
            pages = new KeptPages();
        }

        leaving.Join();
        pages.Dispose();
        Assert.Equal(0, lost);
    }

    [Fact]
    public void What_is_forgotten_for_want_of_memory_is_not_given_as_something_else()
    {
        using var pages = new KeptPages();
        pages.Keep(0, new byte[PageFrame.MostPages * PageFrame.PageSize]);
        pages.Keep(1000, new byte[PageFrame.PageSize]);
        Assert.InRange(pages.Forget(long.MaxValue), 2 * PageFrame.MostPages * PageFrame.PageSize, long.MaxValue);
        Assert.False(pages.TryGive(1000, new byte[PageFrame.PageSize]));
        Assert.Equal(0, pages.Count);
    }

    [Fact]
    public void Memory_is_lent_down_to_the_share_that_stays_free()
    {
        long free = 20 << 20;
        var lent = new LentMemory(() => new MachineMemory(100 << 20, free), () => 0.1);
        var taken = 0;
        for (; lent.TryTake(256 << 10); taken++)
            free -= 256 << 10;
        Assert.Equal(40, taken);
        Assert.Equal(0, lent.Missing);
        free -= 3 << 20;
        Assert.Equal(3 << 20, lent.Missing);
    }
}
