using System.Text.Json;
using Isobar.Node.Membership;
using Isobar.Node.Store;
using Isobar.Protocol.Security;

namespace Isobar.Node.Gossip;

/// <summary>
/// Keeps the cluster's keys for datagrams: follows them in the store, makes the first, makes a new one twice a day and whenever somebody left who knows the present
/// ones. Whoever comes first does it, by compare and swap. While the store is away the last keys go on being used.
/// </summary>
internal sealed partial class GossipKeys : IAsyncDisposable
{
    public const string StoreKey = "/isobar/gossip/keys";

    private const string CacheFile = "gossip.json";
    private static readonly TimeSpan Life = TimeSpan.FromHours(12);
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(10);

    private readonly IClusterStore _store;
    private readonly string _cache;
    private readonly ILogger _log;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _look = new(0);
    private readonly Task _following;
    private readonly Task _renewing;
    private GossipKeyRing _ring;
    private long _departureUnixSeconds;

    public GossipKeys(IClusterStore store, ClusterFolder folder, ILogger<GossipKeys> log, TimeProvider time)
    {
        (_store, _log, _time) = (store, log, time);
        _cache = Path.Combine(folder.Path, CacheFile);
        _ring = Load();
        _following = FollowAsync();
        _renewing = RenewAsync();
    }

    /// <summary>The keys that count now.</summary>
    public GossipKeyRing Ring => Volatile.Read(ref _ring).At(_time.GetUtcNow());

    /// <summary>Raised with the new keys.</summary>
    public event Action? Changed;

    /// <summary>A member is gone: it knows the keys, so there must be a new one.</summary>
    public void SomebodyLeft()
    {
        Volatile.Write(ref _departureUnixSeconds, _time.GetUtcNow().ToUnixTimeSeconds());
        _look.Release();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_following, _renewing);
        _stop.Dispose();
        _look.Dispose();
    }

    private async Task FollowAsync()
    {
        try
        {
            await foreach (var update in _store.FollowAsync(StoreKey, _stop.Token))
            {
                foreach (var entry in update.Entries)
                {
                    if (entry.Key == StoreKey && entry.Value is { } value)
                        Take(GossipKeyRing.FromJson(value.Span));
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // Stopped, or the cluster's connections were closed first.
        }
    }

    private void Take(GossipKeyRing ring)
    {
        Volatile.Write(ref _ring, ring);
        try
        {
            SecretFile.Write(_cache, System.Text.Encoding.UTF8.GetString(ring.ToJson()));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNotSaved(e.Message);
        }

        LogKey(ring.Newest?.Id ?? 0);
        try
        {
            Changed?.Invoke();
        }
        catch (Exception e)
        {
            // Who cannot live with one key must not keep the next ones from everybody.
            LogNotFollowed(e.ToString());
        }
    }

    private async Task RenewAsync()
    {
        try
        {
            while (true)
            {
                await TryRenewAsync();
                // A little chance, so that not all want to make the same key at the same time.
                await _look.WaitAsync(LookEvery * (0.75 + (Random.Shared.NextDouble() / 2)), _stop.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // Stopped, or the cluster's connections were closed first.
        }
    }

    private async Task TryRenewAsync()
    {
        try
        {
            if (!IsDue(Volatile.Read(ref _ring)))
                return;
            var entry = await _store.GetAsync(StoreKey, _stop.Token);
            var ring = entry is null ? GossipKeyRing.Empty : GossipKeyRing.FromJson(entry.Value.Span);
            if (!IsDue(ring))
                return;
            var left = Volatile.Read(ref _departureUnixSeconds);
            var next = ring.Next(_time.GetUtcNow(), endsOthers: left >= (ring.Newest?.MadeUnixSeconds ?? long.MaxValue));
            await _store.TryCommitAsync([new StoreChange(StoreKey, next.ToJson(), entry?.Revision ?? 0)], _stop.Token);
        }
        catch (Exception e) when (e is StoreUnavailableException or Grpc.Core.RpcException)
        {
            // The present keys go on.
        }
    }

    private bool IsDue(GossipKeyRing ring)
    {
        if (ring.Newest is not { } newest)
            return true;
        var age = _time.GetUtcNow() - DateTimeOffset.FromUnixTimeSeconds(newest.MadeUnixSeconds);
        // In one and the same second the key may be the older one of the two.
        return age > Life || Volatile.Read(ref _departureUnixSeconds) >= newest.MadeUnixSeconds;
    }

    private GossipKeyRing Load()
    {
        try
        {
            return GossipKeyRing.FromJson(File.ReadAllBytes(_cache));
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            return GossipKeyRing.Empty;
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "gossip: a new key could not be followed: {Reason}")]
    private partial void LogNotFollowed(string reason);

    [LoggerMessage(Level = LogLevel.Debug, Message = "gossip: key {Id} is the newest")]
    private partial void LogKey(uint id);

    [LoggerMessage(Level = LogLevel.Warning, Message = "gossip: the keys cannot be kept on disk: {Reason}")]
    private partial void LogNotSaved(string reason);
}
