using CsCheck;
using Isobar.Balancing.Dissemination;
using Isobar.Balancing.Load;

namespace Isobar.Balancing.Tests.Dissemination;

public sealed class ClusterViewTests
{
    private static readonly Gen<(int Node, uint Sequence)[]> News = Gen.Select(Gen.Int[0, 40], Gen.UInt[0, 50]).Array[0, 200];

    [Fact]
    public void It_holds_each_node_once_with_its_newest_news_whatever_the_capacity() =>
        Gen.Select(News, Gen.Int[1, 64]).Sample((news, capacity) =>
        {
            var view = new ClusterView(capacity);
            var newest = new Dictionary<int, uint>();
            foreach ((int node, uint sequence) in news)
            {
                LoadEntry entry = Entry(node, sequence);
                bool was = view.Merge(in entry);
                if (capacity > 40)
                    Assert.Equal(!newest.TryGetValue(node, out uint known) || sequence > known, was);
                newest[node] = Math.Max(sequence, newest.GetValueOrDefault(node));
            }

            Assert.True(view.Count <= capacity);
            Assert.Equal(view.Count, view.Entries.ToArray().Select(e => e.Node).Distinct().Count());
            foreach (LoadEntry entry in view.Entries)
            {
                Assert.Equal(entry.Node, view[view.IndexOf(entry.Node)].Node);
                Assert.True(entry.Sequence <= newest[entry.Node.Value]);
                if (capacity > 40)
                    Assert.Equal(newest[entry.Node.Value], entry.Sequence);
            }
        });

    [Fact]
    public void A_full_view_gives_up_its_oldest_entry_and_never_a_younger_one() =>
        News.Sample(news =>
        {
            var view = new ClusterView(20);
            foreach ((int node, uint sequence) in news)
            {
                LoadEntry[] before = view.Entries.ToArray();
                LoadEntry entry = Entry(node, sequence);
                view.Merge(in entry);
                var gone = before.Where(b => view.IndexOf(b.Node) < 0).ToArray();
                Assert.True(gone.Length <= 1);
                if (gone.Length == 1)
                    Assert.True(gone[0].Stamp <= before.Min(b => b.Stamp) && gone[0].Stamp < entry.Stamp);
            }
        });

    [Fact]
    public void A_fifo_of_eight_holds_the_last_eight_heard() =>
        Gen.Int[0, 30].Array[0, 100].Sample(nodes =>
        {
            var view = new ClusterView(8, fifo: true);
            var model = new List<int>();
            uint sequence = 0;
            foreach (int node in nodes)
            {
                LoadEntry entry = Entry(node, ++sequence);
                view.Merge(in entry);
                if (!model.Contains(node))
                {
                    if (model.Count == 8)
                        model.RemoveAt(0);
                    model.Add(node);
                }
            }

            Assert.Equal(model.Order(), view.Entries.ToArray().Select(e => e.Node.Value).Order());
        });

    [Fact]
    public void A_plain_fifo_lets_a_repeated_node_take_a_further_slot()
    {
        var view = new ClusterView(4, fifo: true, repeats: true);
        foreach ((int node, uint sequence) in new[] { (1, 1u), (2, 1u), (1, 2u), (1, 3u) })
            view.Merge(Entry(node, sequence));
        Assert.Equal([1, 2, 1, 1], view.Entries.ToArray().Select(e => e.Node.Value));
        Assert.Equal(3u, view[view.IndexOf(new NodeId(1))].Sequence);
        view.Merge(Entry(3, 1));
        Assert.Equal([3, 2, 1, 1], view.Entries.ToArray().Select(e => e.Node.Value));
        Assert.Throws<ArgumentException>(() => new ClusterView(17, fifo: true, repeats: true));
    }

    [Fact]
    public void A_restarted_node_is_newer_than_its_former_life()
    {
        var view = new ClusterView(4);
        view.Merge(Entry(1, 1000));
        LoadEntry reborn = Entry(1, 0);
        reborn.Incarnation = 2;
        Assert.True(view.Merge(in reborn));
        Assert.False(view.Merge(Entry(1, 2000)));
    }

    [Fact]
    public void Work_that_was_sent_counts_until_news_measured_later_comes()
    {
        var view = new ClusterView(4);
        view.Merge(Entry(1, 1, stamp: 10));
        view.Expect(new NodeId(1), Instant.FromSeconds(12), 1, 0.5, 100L << 20);
        AssertReady(1, 924);
        view.Merge(Entry(1, 2, stamp: 11));
        AssertReady(1, 924);
        view.Merge(Entry(1, 3, stamp: 13));
        AssertReady(0, 1024);

        void AssertReady(float ready, uint free)
        {
            Assert.Equal(ready, view[0].Ready);
            Assert.Equal(ready / 2, view[0].Load);
            Assert.Equal(free, view[0].FreeMemoryMiB);
        }
    }

    [Fact]
    public void A_guest_that_was_sent_counts_as_one()
    {
        var view = new ClusterView(4);
        view.Merge(Entry(1, 1, stamp: 10));
        view.Expect(new NodeId(1), Instant.FromSeconds(12), 1, 1, 0, guests: 1);
        view.Expect(new NodeId(1), Instant.FromSeconds(12), 1, 1, 0);
        Assert.Equal(1, view[0].Guests);
        view.Merge(Entry(1, 3, stamp: 13));
        Assert.Equal(0, view[0].Guests);
    }

    [Fact]
    public void Removing_keeps_the_others_findable() =>
        Gen.Int[0, 60].Array[0, 120].Sample(operations =>
        {
            var view = new ClusterView(64);
            var model = new HashSet<int>();
            foreach (int o in operations)
            {
                if (o % 3 == 0 && model.Remove(o / 2))
                    Assert.True(view.Remove(new NodeId(o / 2)));
                else if (model.Add(o))
                    Assert.True(view.Merge(Entry(o, 1)));
            }

            Assert.Equal(model.Order(), view.Entries.ToArray().Select(e => e.Node.Value).Order());
            foreach (int node in model)
                Assert.Equal(node, view[view.IndexOf(new NodeId(node))].Node.Value);
            Assert.Equal(-1, view.IndexOf(new NodeId(1000)));
        });

    [Fact]
    public void After_any_news_and_removals_it_holds_what_a_plain_list_would() =>
        Gen.Select(Gen.Select(Gen.Int[0, 24], Gen.Bool).Array[0, 200], Gen.Int[1, 20]).Sample((operations, capacity) =>
        {
            var view = new ClusterView(capacity);
            var model = new List<(int Node, uint Sequence)>();
            uint now = 0;
            foreach ((int node, bool removes) in operations)
            {
                // Now and then the news is old; never twice the same number.
                uint sequence = ++now % 5 == 0 ? now / 2 * 2 + 1 : now * 2;
                int known = model.FindIndex(one => one.Node == node);
                if (removes && now % 3 == 0)
                {
                    Assert.Equal(known >= 0, view.Remove(new NodeId(node)));
                    if (known >= 0)
                        model.RemoveAt(known);
                    continue;
                }

                bool isNews = known >= 0 ? sequence > model[known].Sequence : model.Count < capacity || sequence > model.Min(one => one.Sequence);
                if (isNews && (known >= 0 || model.Count == capacity))
                    model.RemoveAt(known >= 0 ? known : model.FindIndex(one => one.Sequence == model.Min(other => other.Sequence)));
                if (isNews)
                    model.Add((node, sequence));
                Assert.Equal(isNews, view.Merge(Entry(node, sequence)));
                Assert.Equal(model.Order(), view.Entries.ToArray().Select(e => (e.Node.Value, e.Sequence)).Order());
            }
        });

    [Fact]
    public void Where_no_news_ever_comes_nothing_is_remembered_of_what_was_sent()
    {
        ClusterView view = new NoDissemination(new NodeId(0), new RangeRoster(4)).View;
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10_000; i++)
            view.Expect(new NodeId(1), Instant.FromSeconds(i), 1, 1, 0);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4096);
    }

    private static LoadEntry Entry(int node, uint sequence, double? stamp = null) => new()
    {
        Node = new NodeId(node),
        Sequence = sequence,
        Stamp = Instant.FromSeconds(stamp ?? sequence),
        FreeMemoryMiB = 1024,
    };
}
