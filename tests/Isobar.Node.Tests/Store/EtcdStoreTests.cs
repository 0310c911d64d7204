using System.Text;
using Isobar.Node.Store;
using Isobar.Node.Store.Etcd;

namespace Isobar.Node.Tests.Store;

public sealed class EtcdStoreTests : IAsyncLifetime
{
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromSeconds(40));
    private LoopbackStore _store = null!;

    private CancellationToken Limit => _limit.Token;

    private EtcdStore Client => _store.Client;

    public async ValueTask InitializeAsync() => _store = await LoopbackStore.StartAsync(Limit);

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        _limit.Dispose();
    }

    [Fact]
    public async Task What_was_written_is_read_back_and_listed_by_prefix()
    {
        Assert.Null(await Client.GetAsync("/t/a", Limit));
        Assert.True(await Client.TryCommitAsync([Put("/t/a", "1"), Put("/t/b", "2"), Put("/u/c", "3")], Limit));
        Assert.Equal("1", Text((await Client.GetAsync("/t/a", Limit))!.Value));
        var list = await Client.ListAsync("/t/", Limit);
        Assert.Equal(["/t/a=1", "/t/b=2"], list.Entries.Select(e => $"{e.Key}={Text(e.Value)}"));
    }

    [Fact]
    public async Task A_commit_happens_whole_or_not_at_all()
    {
        Assert.True(await Client.TryCommitAsync([Put("/t/a", "1", 0)], Limit));
        Assert.False(await Client.TryCommitAsync([Put("/t/a", "2", 0), Put("/t/b", "2")], Limit));
        Assert.Null(await Client.GetAsync("/t/b", Limit));
        var entry = (await Client.GetAsync("/t/a", Limit))!;
        Assert.True(await Client.TryCommitAsync([StoreChange.OnlyIf("/t/a", entry.Revision), new StoreChange("/t/a", null), Put("/t/b", "3")], Limit));
        Assert.Null(await Client.GetAsync("/t/a", Limit));
    }

    [Fact]
    public async Task Of_many_who_want_a_key_one_gets_it()
    {
        var won = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Client.TryCommitAsync([Put("/t/a", i.ToString(System.Globalization.CultureInfo.InvariantCulture), 0)], Limit)));
        Assert.Single(won, true);
    }

    [Fact]
    public async Task A_key_lives_as_long_as_its_lease()
    {
        var lease = await Client.GrantLeaseAsync(TimeSpan.FromSeconds(2), Limit);
        Assert.True(await Client.TryCommitAsync([new StoreChange("/t/a", Encoding.UTF8.GetBytes("1"), 0, lease.Id)], Limit));
        await Task.Delay(TimeSpan.FromSeconds(4), Limit);
        Assert.NotNull(await Client.GetAsync("/t/a", Limit));
        Assert.False(lease.Ended.IsCancellationRequested);
        await lease.DisposeAsync();
        Assert.Null(await Client.GetAsync("/t/a", Limit));
    }

    [Fact]
    public async Task A_watch_goes_on_after_a_restart_of_the_store_and_misses_nothing()
    {
        await using var updates = Client.FollowAsync("/t/", Limit).GetAsyncEnumerator(Limit);
        Assert.True(await updates.MoveNextAsync());
        Assert.True(updates.Current.IsWhole);
        await Client.TryCommitAsync([Put("/t/a", "1")], Limit);
        Assert.True(await updates.MoveNextAsync());
        Assert.Equal("1", Text(updates.Current.Entries[0].Value!.Value));

        await _store.StopProcessAsync();
        await Assert.ThrowsAsync<StoreUnavailableException>(() => Client.GetAsync("/t/a", Limit));
        await _store.StartProcessAsync(Limit);
        await Client.TryCommitAsync([Put("/t/a", "2")], Limit);
        await Client.TryCommitAsync([new StoreChange("/t/a", null)], Limit);
        Assert.True(await updates.MoveNextAsync());
        var seen = new List<StoreUpdateEntry>(updates.Current.Entries);
        Assert.False(updates.Current.IsWhole);
        while (seen.Count < 2 && await updates.MoveNextAsync())
            seen.AddRange(updates.Current.Entries);
        Assert.Equal("2", Text(seen[0].Value!.Value));
        Assert.Null(seen[1].Value);
    }

    [Fact]
    public async Task A_watch_that_was_overtaken_by_a_compaction_tells_the_whole_again()
    {
        await using var updates = Client.FollowAsync("/t/", Limit).GetAsyncEnumerator(Limit);
        Assert.True(await updates.MoveNextAsync());
        await Client.TryCommitAsync([Put("/t/a", "1")], Limit);
        Assert.True(await updates.MoveNextAsync());
        var next = updates.MoveNextAsync();
        // While the follower has no connection, the store moves on and forgets the way.
        await _store.SilenceAsync(async other =>
        {
            for (var i = 0; i < 5; i++)
                await other.TryCommitAsync([Put("/t/b", "2")], Limit);
            var revision = (await other.ListAsync("/t/", Limit)).Revision;
            await _store.CompactAsync(revision, Limit);
        });
        Assert.True(await next);
        Assert.True(updates.Current.IsWhole);
        Assert.Equal(["/t/a", "/t/b"], updates.Current.Entries.Select(e => e.Key));
    }

    [Fact]
    public async Task An_etcd_left_by_a_crashed_daemon_is_taken_over()
    {
        var before = _store.ProcessId;
        Assert.True(await _store.StartProcessAsync(Limit));
        Assert.Equal(before, _store.ProcessId);
    }

    private static StoreChange Put(string key, string value, long? expected = null) => new(key, Encoding.UTF8.GetBytes(value), expected);

    private static string Text(ReadOnlyMemory<byte> value) => Encoding.UTF8.GetString(value.Span);
}
