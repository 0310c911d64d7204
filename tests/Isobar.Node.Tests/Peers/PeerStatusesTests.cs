using System.Collections.Concurrent;
using Isobar.Node.Peers;
using Isobar.Node.Tests.Policies;
using Isobar.Node.Tests.Store;

namespace Isobar.Node.Tests.Peers;

/// <summary>Members at rest call nobody whom gossip tells of, however many they are.</summary>
public sealed class PeerStatusesTests : IAsyncLifetime
{
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(10);

    private readonly ManualTime _time = new();
    private readonly TestMember _self = new("alpha");
    private readonly ConcurrentQueue<string> _called = new();
    private readonly ConcurrentDictionary<string, TimeSpan?> _news = new();
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromSeconds(30));
    private PeerChannels _channels = null!;
    private PeerStatuses _statuses = null!;

    public ValueTask InitializeAsync()
    {
        // Nobody listens there: a call fails at once, and was made.
        var roster = NodeNumbersTests.Of(("alpha", "00000001", 1), ("beta", "00000002", 2), ("gamma", "00000003", 3));
        foreach (var node in roster.Nodes.Values)
            roster = roster with { Nodes = roster.Nodes.SetItem(node.Name, node with { Address = $"127.0.0.1:{FreePorts.Take()}" }) };
        _channels = new PeerChannels(_self.Identity, () => roster, new LoadRide { GetOn = Called });
        _statuses = new PeerStatuses("alpha", _channels, () => roster, _time) { NewsAge = node => _news.GetValueOrDefault(node) };
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _statuses.DisposeAsync();
        _channels.Dispose();
        _self.Dispose();
        _limit.Dispose();
    }

    [Fact]
    public async Task Only_members_that_gossip_does_not_hear_are_called()
    {
        // Nothing is known yet.
        Assert.Equal(["beta", "gamma"], await CalledInRoundAsync());

        _news["beta"] = TimeSpan.FromSeconds(3);
        for (var round = 0; round < 3; round++)
            Assert.Equal(["gamma"], await CalledInNextRoundAsync());
        Assert.True(_statuses.Of("beta").IsUp);
        Assert.Equal(TimeSpan.FromSeconds(3), _statuses.Of("beta").LastSeen);
        Assert.False(_statuses.Of("gamma").IsUp);

        _news["gamma"] = TimeSpan.FromSeconds(1);
        for (var round = 0; round < 3; round++)
            Assert.Empty(await CalledInNextRoundAsync());

        // News that gets old is no sign of life, and neither is none.
        _news["beta"] = TimeSpan.FromSeconds(13);
        Assert.Equal(["beta"], await CalledInNextRoundAsync());
        _news["gamma"] = null;
        Assert.Equal(["beta", "gamma"], await CalledInNextRoundAsync());
    }

    [Fact]
    public async Task Whoever_calls_is_not_called()
    {
        await CalledInRoundAsync();
        _time.Advance(Round - TimeSpan.FromSeconds(1));
        _statuses.Saw("gamma");
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(["beta"], await CalledInRoundAsync());
        Assert.Equal(["beta", "gamma"], await CalledInNextRoundAsync());
    }

    private byte[]? Called(string node)
    {
        _called.Enqueue(node);
        return null;
    }

    private Task<string[]> CalledInNextRoundAsync()
    {
        _time.Advance(Round);
        return CalledInRoundAsync();
    }

    /// <summary>The round is over when the next one is waited for.</summary>
    private async Task<string[]> CalledInRoundAsync()
    {
        while (_time.Waiting == 0)
            await Task.Delay(10, _limit.Token);
        string[] called = [.. _called.Order(StringComparer.Ordinal)];
        _called.Clear();
        return called;
    }
}
