using Grpc.Core;
using Isobar.Node.Store;
using Isobar.Node.Store.Supervision;
using Isobar.Protocol;

namespace Isobar.Node.Membership;

/// <summary>
/// Makes the store's members what the roster wants, one small step after the other. Only one node does it at a time: the one that holds the keeper's key in the
/// store, by a lease. Only nodes with the authority's key try, since a new member of the store gets it from the keeper.
/// </summary>
internal sealed partial class StoreKeeper : IAsyncDisposable
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan StepPause = TimeSpan.FromMilliseconds(200);

    private readonly ActiveCluster _cluster;
    private readonly StoreSteps _steps;
    private readonly ILogger _log;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _nudged = new(0);
    private readonly Task _keeping;

    public StoreKeeper(ActiveCluster cluster, StoreMembers members, ILogger<StoreKeeper> log, TimeProvider time)
    {
        (_cluster, _log, _time) = (cluster, log, time);
        _steps = new StoreSteps(cluster, members, log);
        _keeping = KeepAsync();
    }

    /// <summary>The roster changed: look now.</summary>
    public void Nudge() => _nudged.Release();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _keeping;
        _stop.Dispose();
        _nudged.Dispose();
    }

    private async Task KeepAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                if (MayKeep(_cluster.Roster.Current) && await TryTakeOfficeAsync() is { } lease)
                {
                    await using (lease)
                        await InOfficeAsync(lease);
                }
            }
            catch (Exception e) when (e is IsobarException or RpcException or OperationCanceledException or ObjectDisposedException)
            {
                if (!_stop.IsCancellationRequested)
                    LogCannot(e.Message);
            }
            await PauseAsync(Period);
        }
    }

    /// <summary>A node that leaves gives the office away as soon as somebody else can hold it.</summary>
    private bool MayKeep(Roster roster) =>
        _cluster.Folder.HasAuthority && !roster.IsCached
        && roster.Nodes.TryGetValue(_cluster.NodeName, out var self)
        && !(self.IsLeaving && roster.Nodes.Values.Any(n => n.IsStoreMember && !n.IsLeaving));

    private async Task<IStoreLease?> TryTakeOfficeAsync()
    {
        if (await _cluster.Store.GetAsync(StoreKeys.Keeper, _stop.Token) is not null)
            return null;
        var lease = await _cluster.Store.GrantLeaseAsync(Lease, _stop.Token);
        var name = System.Text.Encoding.UTF8.GetBytes(_cluster.NodeName);
        if (await _cluster.Store.TryCommitAsync([new StoreChange(StoreKeys.Keeper, name, 0, lease.Id)], _stop.Token))
            return lease;
        await lease.DisposeAsync();
        return null;
    }

    private async Task InOfficeAsync(IStoreLease lease)
    {
        using var term = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token, lease.Ended);
        while (!term.IsCancellationRequested && MayKeep(_cluster.Roster.Current))
        {
            try
            {
                var acted = await _steps.TakeOneAsync(_cluster.Roster.Current, term.Token);
                await PauseAsync(acted ? StepPause : Period);
            }
            catch (Exception e) when (e is IsobarException or RpcException)
            {
                if (!term.IsCancellationRequested)
                    LogCannot(e is RpcException rpc ? rpc.Status.Detail : e.Message);
                await PauseAsync(TimeSpan.FromSeconds(1));
            }
        }
    }

    private async Task PauseAsync(TimeSpan time)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        using var timer = _time.CreateTimer(state => ((CancellationTokenSource)state!).Cancel(), limit, time, Timeout.InfiniteTimeSpan);
        try
        {
            await _nudged.WaitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            // The time is over.
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "store: its members cannot be changed now: {Reason}")]
    private partial void LogCannot(string reason);
}
