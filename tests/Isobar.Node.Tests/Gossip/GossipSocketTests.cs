using System.Net;
using System.Net.Sockets;
using Isobar.Balancing;
using Isobar.Balancing.Dissemination;
using Isobar.Balancing.Load;
using Isobar.Node.Gossip;
using Isobar.Node.Load;
using Isobar.Node.Membership;
using Isobar.Node.Policies;
using Isobar.Node.Tests.Store;
using Isobar.Protocol.Security;
using Microsoft.Extensions.Logging.Abstractions;
using MemberRoster = Isobar.Node.Membership.Roster;

namespace Isobar.Node.Tests.Gossip;

/// <summary>Two nodes that speak over real UDP sockets, with keys out of one store.</summary>
public sealed class GossipSocketTests : IAsyncLifetime
{
    private readonly string _root = Directory.CreateTempSubdirectory("isobar-test-").FullName;
    private readonly MemoryStore _store = new();
    private readonly int[] _ports = [FreePorts.Take(), FreePorts.Take()];
    private readonly List<LoadEntry> _heard = [];
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromSeconds(60));
    private GossipKeys _alphaKeys = null!;
    private GossipKeys _betaKeys = null!;
    private GossipSocket _alpha = null!;
    private GossipSocket _beta = null!;
    private NodeNumbers _numbers = null!;

    public async ValueTask InitializeAsync()
    {
        (_alphaKeys, _betaKeys) = (Keys("a"), Keys("b"));
        await UntilAsync(() => _alphaKeys.Ring.Newest is not null && _betaKeys.Ring.Newest is not null);
        var roster = NodeNumbersRoster();
        _numbers = await NumbersAsync(roster, "alpha");
        _alpha = Socket(0, _numbers, _alphaKeys);
        _beta = Socket(1, await NumbersAsync(roster, "beta"), _betaKeys);
        _beta.Start((NodeId _, in LoadMessage message) =>
        {
            lock (_heard)
                _heard.AddRange(message.Entries);
        });
    }

    public async ValueTask DisposeAsync()
    {
        await _alpha.DisposeAsync();
        await _beta.DisposeAsync();
        await _alphaKeys.DisposeAsync();
        await _betaKeys.DisposeAsync();
        _limit.Dispose();
        _store.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    [Fact]
    public async Task Load_arrives_and_forged_or_repeated_datagrams_do_not()
    {
        Send(3.5f, 1);
        await UntilAsync(() => Heard().Length == 1);
        Assert.Equal((_numbers.Self, 3.5f), (Heard()[0].Node, Heard()[0].Ready));

        using var attacker = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        var beta = new IPEndPoint(IPAddress.Loopback, _ports[1]);
        attacker.SendTo(new byte[100], beta);
        var forged = new byte[150];
        DatagramForm.WriteHeader(forged, _alphaKeys.Ring.Newest!.Id, _numbers.Self, ulong.MaxValue, 1);
        attacker.SendTo(forged, beta);
        await UntilAsync(() => _beta.Meter.Counts() is { Malformed: 1, Forged: 1 });

        // The forged one claimed a later session: the true sender is heard all the same.
        Send(4.5f, 2);
        await UntilAsync(() => Heard().Length == 2);
        Assert.Equal((2, 0), (_beta.Meter.Counts().Received, _beta.Meter.Counts().Replayed));
        Assert.Equal(2, _alpha.Meter.Counts().Sent);
    }

    [Fact]
    public async Task When_somebody_leaves_there_is_one_new_key_and_without_the_store_the_old_one_goes_on()
    {
        var before = _alphaKeys.Ring.Newest!.Id;
        _store.IsAway = true;
        _alphaKeys.SomebodyLeft();
        _betaKeys.SomebodyLeft();
        await Task.Delay(300, _limit.Token);
        Assert.Equal(before, _alphaKeys.Ring.Newest!.Id);
        Send(1, 1);
        await UntilAsync(() => Heard().Length == 1);

        _store.IsAway = false;
        var commits = _store.Commits;
        _alphaKeys.SomebodyLeft();
        await UntilAsync(() => _alphaKeys.Ring.Newest!.Id > before && _betaKeys.Ring.Newest!.Id == _alphaKeys.Ring.Newest.Id);
        Assert.InRange(_store.Commits - commits, 1, 2);
        // Known to one who left: good for a minute, and not sealed with any more.
        Assert.NotEqual(0, _betaKeys.Ring.Find(before)?.EndsUnixSeconds ?? -1);
        Send(2, 2);
        await UntilAsync(() => Heard().Length == 2);
    }

    private GossipKeys Keys(string name)
    {
        var folder = new ClusterFolder(Path.Combine(_root, name));
        SecretFile.CreateFolder(folder.Path);
        return new GossipKeys(_store, folder, NullLogger<GossipKeys>.Instance, TimeProvider.System);
    }

    private GossipSocket Socket(int index, NodeNumbers numbers, GossipKeys keys) => new(
        new IPEndPoint(IPAddress.Loopback, _ports[index]), numbers, 1, keys, TimeProvider.System, static () => MachineLoad.Now, NullLogger<GossipSocket>.Instance);

    private MemberRoster NodeNumbersRoster()
    {
        var roster = Policies.NodeNumbersTests.Of(("alpha", "00000001", 1), ("beta", "00000002", 2));
        return roster with
        {
            Nodes = roster.Nodes.SetItem("alpha", roster.Nodes["alpha"] with { Address = $"127.0.0.1:{_ports[0]}" }).SetItem("beta", roster.Nodes["beta"] with { Address = $"127.0.0.1:{_ports[1]}" }),
        };
    }

    private async Task<NodeNumbers> NumbersAsync(MemberRoster roster, string self)
    {
        var numbers = NodeNumbers.Of(roster, self);
        await numbers.ResolveAsync(roster, AddressFamily.InterNetwork, _limit.Token);
        return numbers;
    }

    private void Send(float ready, uint sequence)
    {
        var entry = new LoadEntry { Node = _numbers.Self, Sequence = sequence, Stamp = MachineLoad.Now, Ready = ready, Cores = 1, Capacity = 1, Speed = 1, SlowestSpeed = 1 };
        _alpha.Send(_numbers.NumberOf("beta"), new LoadMessage(MessageKind.Push, new ReadOnlySpan<LoadEntry>(in entry)));
    }

    private LoadEntry[] Heard()
    {
        lock (_heard)
            return [.. _heard];
    }

    private async Task UntilAsync(Func<bool> condition)
    {
        while (!condition())
            await Task.Delay(20, _limit.Token);
    }
}
