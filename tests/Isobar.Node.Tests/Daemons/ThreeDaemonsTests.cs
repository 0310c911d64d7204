using Grpc.Core;
using Isobar.Node.Tests.Store;
using Isobar.Protocol.Balance;
using Isobar.Protocol.Cluster;

namespace Isobar.Node.Tests.Daemons;

/// <summary>The life of a cluster, with real daemons and real etcds: one story, because each chapter needs the one before.</summary>
public sealed class ThreeDaemonsTests : IAsyncLifetime
{
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromSeconds(110));
    private readonly DaemonProcess _alpha = new("alpha", FreePorts.Take());
    private readonly DaemonProcess _beta = new("beta", FreePorts.Take());
    private readonly DaemonProcess _gamma = new("gamma", FreePorts.Take());

    private CancellationToken Limit => _limit.Token;

    public async ValueTask InitializeAsync() => await Task.WhenAll(_alpha.StartAsync(Limit), _beta.StartAsync(Limit), _gamma.StartAsync(Limit));

    public async ValueTask DisposeAsync()
    {
        await _alpha.DisposeAsync();
        await _beta.DisposeAsync();
        await _gamma.DisposeAsync();
        _limit.Dispose();
    }

    [Fact]
    public async Task A_cluster_is_made_grows_survives_faults_and_shrinks_to_nothing()
    {
        await _alpha.Client.CreateAsync(new CreateClusterRequest { Name = "lab" }, cancellationToken: Limit);
        await _beta.JoinAsync(_alpha, Limit);
        await _gamma.JoinAsync(_beta, Limit);
        foreach (var daemon in new[] { _alpha, _beta, _gamma })
            await UntilAllAreUpAsync(daemon);
        await UntilAsync(_gamma, nodes => nodes.Nodes.All(n => n.Status?.StoreRole == "member"));

        // Everybody hears of everybody's load, and a setting that is made on one machine holds on the others.
        foreach (var daemon in new[] { _alpha, _beta, _gamma })
            await UntilKnownAsync(daemon, loads => loads.Nodes.All(node => node.IsKnown && node.Cores > 0) && loads.Gossip.Received > 0);
        await _alpha.Balance.SetSettingAsync(new SetSettingRequest { Name = "profile", Value = "openmosix" }, cancellationToken: Limit);
        await UntilKnownAsync(_gamma, loads => loads is { Profile: "openmosix", Dissemination: "two-random" });
        await _beta.Balance.SetSettingAsync(new SetSettingRequest { Name = "profile" }, cancellationToken: Limit);
        await UntilKnownAsync(_gamma, loads => loads.Profile == "isobar");

        // Without the store everything that needs no change goes on.
        foreach (var daemon in new[] { _alpha, _beta, _gamma })
            daemon.FreezeStore(true);
        Assert.Equal("alpha up, beta up, gamma up", await StatesAsync(_beta));
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await _beta.Client.InviteAsync(new InviteRequest { TtlSeconds = 60 }, cancellationToken: Limit));
        Assert.Contains("store does not answer", refused.Status.Detail, StringComparison.Ordinal);
        var heard = (await _beta.Balance.LoadsAsync(new LoadsRequest(), cancellationToken: Limit)).Gossip.Received;
        await UntilKnownAsync(_beta, loads => loads.Gossip.Received > heard);

        // Even a daemon that starts without the store knows the members.
        await _gamma.StopAsync();
        await UntilAsync(_alpha, nodes => nodes.Nodes.Single(n => n.Name == "gamma").State == "unreachable");
        Assert.True((await _alpha.NodesAsync(Limit)).Nodes.Single(n => n.Name == "gamma").LastSeenSeconds is >= 0 and < 60);
        await _gamma.StartAsync(Limit);
        Assert.Equal("alpha up, beta up, gamma up", await StatesAsync(_gamma));
        Assert.True((await _gamma.NodesAsync(Limit)).RosterIsCached);
        _alpha.FreezeStore(false);
        _beta.FreezeStore(false);
        await UntilAsync(_gamma, nodes => !nodes.RosterIsCached);

        // An etcd that is killed comes back; one whose daemon crashed is taken over.
        var killed = _beta.StoreProcessId;
        _beta.KillStore();
        await UntilAsync(_beta, _ => _beta.StoreProcessId != killed);
        var left = _beta.StoreProcessId;
        await _beta.CrashAsync();
        await _beta.StartAsync(Limit);
        Assert.Equal("alpha up, beta up, gamma up", await StatesAsync(_beta));
        Assert.Equal(left, _beta.StoreProcessId);

        // The founder leaves: the others go on and can change things.
        Assert.False((await _alpha.Client.LeaveAsync(new LeaveClusterRequest(), cancellationToken: Limit)).WasLast);
        Assert.False(Directory.Exists(Path.Combine(_alpha.StateDirectory, "cluster")));
        Assert.False(Directory.Exists(Path.Combine(_alpha.StateDirectory, "etcd")));
        await UntilAsync(_gamma, nodes => nodes.Nodes.Count == 2);
        await _alpha.JoinAsync(_gamma, Limit);
        await UntilAllAreUpAsync(_beta);

        // An evicted node is refused at once.
        await _beta.Client.EvictAsync(new EvictRequest { Node = "alpha" }, cancellationToken: Limit);
        await UntilAsync(_gamma, nodes => nodes.Nodes.Count == 2);
        await UntilAsync(_alpha, nodes => nodes.Nodes.Count(n => n.State == "unreachable") == 2);

        // Down to the last.
        await UntilAsync(_beta, nodes => nodes.Nodes.Count(n => n.Status?.StoreRole == "member") == 1);
        var (first, last) = (await _beta.NodesAsync(Limit)).Nodes.Single(n => n.Status?.StoreRole == "member").Name == "beta" ? (_beta, _gamma) : (_gamma, _beta);
        Assert.False((await first.Client.LeaveAsync(new LeaveClusterRequest(), cancellationToken: Limit)).WasLast);
        await UntilAsync(last, nodes => nodes.Nodes.Count == 1);
        Assert.True((await last.Client.LeaveAsync(new LeaveClusterRequest(), cancellationToken: Limit)).WasLast);
    }

    /// <summary>Who joined is known at once where it was let in; the others hear of it from the store a moment later.</summary>
    private Task UntilAllAreUpAsync(DaemonProcess daemon) => UntilAsync(daemon, nodes => nodes.Nodes.Count == 3 && nodes.Nodes.All(node => node.State == "up"));

    private async Task<string> StatesAsync(DaemonProcess daemon) => string.Join(", ", (await daemon.NodesAsync(Limit)).Nodes.Select(n => $"{n.Name} {n.State}"));

    private async Task UntilKnownAsync(DaemonProcess daemon, Func<LoadsReply, bool> condition)
    {
        while (true)
        {
            try
            {
                if (condition(await daemon.Balance.LoadsAsync(new LoadsRequest(), cancellationToken: Limit)))
                    return;
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.FailedPrecondition)
            {
                // It has just joined and knows nothing yet.
            }

            await Task.Delay(100, Limit);
        }
    }

    private async Task UntilAsync(DaemonProcess daemon, Func<NodesReply, bool> condition)
    {
        while (!condition(await daemon.NodesAsync(Limit)))
            await Task.Delay(100, Limit);
    }
}
