using Isobar.Node.Membership;
using Isobar.Node.Store;
using Isobar.Node.Tests.Gossip;
using Microsoft.Extensions.Logging.Abstractions;

namespace Isobar.Node.Tests.Membership;

/// <summary>A node whose roster stands still refuses every member that comes later.</summary>
public sealed class RosterFollowerTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("isobar-test-").FullName;
    private readonly MemoryStore _store = new();
    private readonly ClusterFolder _cluster;
    private readonly RosterFollower _follower;

    public RosterFollowerTests()
    {
        _cluster = new ClusterFolder(_folder);
        Directory.CreateDirectory(_cluster.Path);
        _follower = new RosterFollower(_cluster, _store, NullLogger<RosterFollower>.Instance);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _follower.DisposeAsync();
        _store.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task One_who_cannot_live_with_a_change_does_not_keep_the_next_ones_from_anybody()
    {
        _follower.Changed += _ => throw new InvalidOperationException("it cannot be");
        _follower.Start();
        await JoinAsync("alpha");
        await KnowsAsync("alpha");
        await JoinAsync("beta");
        await KnowsAsync("beta");
    }

    [Fact]
    public async Task A_record_that_is_none_does_not_keep_the_next_ones_away()
    {
        _follower.Start();
        await _store.TryCommitAsync([new StoreChange(StoreKeys.Node("alpha"), "{"u8.ToArray())], Cancellation);
        await Task.Delay(300, Cancellation);
        await JoinAsync("beta");
        await KnowsAsync("beta");
    }

    [Fact]
    public async Task A_change_that_the_watch_did_not_tell_is_read_when_a_stranger_calls()
    {
        _follower.Start();
        await JoinAsync("alpha");
        await KnowsAsync("alpha");
        _store.Deafen();
        await JoinAsync("beta");
        await Task.Delay(300, Cancellation);
        Assert.DoesNotContain("beta", _follower.Current.Nodes.Keys);
        var told = new TaskCompletionSource<Roster>(TaskCreationOptions.RunContinuationsAsynchronously);
        _follower.Changed += roster => told.TrySetResult(roster);
        _follower.Doubt();
        await KnowsAsync("beta");
        Assert.Equal(["alpha", "beta"], (await told.Task.WaitAsync(TimeSpan.FromSeconds(20), Cancellation)).Nodes.Keys);
        // And what comes then is heard again.
        await JoinAsync("gamma");
        await KnowsAsync("gamma");
    }

    [Fact]
    public async Task So_is_another_certificate_of_a_node_that_has_left_and_joined_again()
    {
        _follower.Start();
        await JoinAsync("alpha");
        await KnowsAsync("alpha");
        _store.Deafen();
        await JoinAsync("alpha", "01");
        await Task.Delay(300, Cancellation);
        _follower.Doubt();
        await _follower.WaitAsync(roster => roster.Nodes["alpha"].Fingerprint == "01", Cancellation).WaitAsync(TimeSpan.FromSeconds(20), Cancellation);
    }

    private Task<bool> JoinAsync(string name, string fingerprint = "00") => _store.TryCommitAsync(
        [new StoreChange(StoreKeys.Node(name), new NodeRecord { Name = name, Address = "192.0.2.1:7700", Fingerprint = fingerprint, JoinedUnixSeconds = 1 }.ToJson())], Cancellation);

    private Task<Roster> KnowsAsync(string name) => _follower.WaitAsync(roster => roster.Nodes.ContainsKey(name), Cancellation).WaitAsync(TimeSpan.FromSeconds(20), Cancellation);
}
