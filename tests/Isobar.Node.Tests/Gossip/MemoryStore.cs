using System.Runtime.CompilerServices;
using Isobar.Node.Store;

namespace Isobar.Node.Tests.Gossip;

/// <summary>A store in memory, with compare and swap and followers, that can be away.</summary>
internal sealed class MemoryStore : IClusterStore, IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, StoreEntry> _entries = [];
    private readonly List<StoreUpdateEntry> _log = [];
    private readonly SemaphoreSlim _changed = new(0);
    private long _revision;
    private volatile int _deaf;

    public bool IsAway { get; set; }

    public int Commits { get; private set; }

    public Task<StoreEntry?> GetAsync(string key, CancellationToken cancellation)
    {
        Answer();
        lock (_gate)
            return Task.FromResult(_entries.GetValueOrDefault(key));
    }

    public Task<StoreSnapshot> ListAsync(string prefix, CancellationToken cancellation) => throw new NotSupportedException();

    public Task<bool> TryCommitAsync(IReadOnlyList<StoreChange> changes, CancellationToken cancellation)
    {
        Answer();
        lock (_gate)
        {
            if (changes.Any(change => change.Expected is { } expected && (_entries.GetValueOrDefault(change.Key)?.Revision ?? 0) != expected))
                return Task.FromResult(false);
            _revision++;
            Commits++;
            foreach (var change in changes)
            {
                if (change.Value is { } value)
                    _entries[change.Key] = new StoreEntry(change.Key, value, _revision);
                else
                    _entries.Remove(change.Key);
                _log.Add(new StoreUpdateEntry(change.Key, change.Value, _revision));
            }
        }

        _changed.Release(100);
        return Task.FromResult(true);
    }

    public Task<IStoreLease> GrantLeaseAsync(TimeSpan timeToLive, CancellationToken cancellation) => throw new NotSupportedException();

    public async IAsyncEnumerable<StoreUpdate> FollowAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var (at, deaf) = (0, _deaf);
        while (true)
        {
            List<StoreUpdateEntry> news;
            lock (_gate)
            {
                news = [.. _log.Skip(at).Where(entry => entry.Key.StartsWith(prefix, StringComparison.Ordinal))];
                at = _log.Count;
            }

            if (news.Count > 0 && deaf == _deaf)
                yield return new StoreUpdate(false, _revision, news);
            await _changed.WaitAsync(TimeSpan.FromMilliseconds(100), cancellation);
        }
    }

    /// <summary>Those who follow now hear of no change any more, and of no end either.</summary>
    public void Deafen() => _deaf++;

    public void Dispose() => _changed.Dispose();

    private void Answer()
    {
        if (IsAway)
            throw new StoreUnavailableException("away");
    }
}
