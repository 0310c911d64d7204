namespace Isobar.Node.Store;

/// <summary>
/// The few things that the cluster must agree on (roster, settings, revocations), kept by etcd. Keys are text; values are small. Every method throws
/// <see cref="StoreUnavailableException"/> when no member of the store answers in time: callers go on with what they knew.
/// </summary>
public interface IClusterStore
{
    /// <summary>The value of a key, or null. Linearizable: sees every change that was acknowledged before.</summary>
    Task<StoreEntry?> GetAsync(string key, CancellationToken cancellation);

    /// <summary>All keys that begin with <paramref name="prefix"/>, at one revision.</summary>
    Task<StoreSnapshot> ListAsync(string prefix, CancellationToken cancellation);

    /// <summary>
    /// Compare and swap: all <see cref="StoreChange.Expected"/> revisions hold and all changes are made, or nothing happens and the answer is false. An answer
    /// lost on the way is asked for again, and success is recognised by the values.
    /// </summary>
    Task<bool> TryCommitAsync(IReadOnlyList<StoreChange> changes, CancellationToken cancellation);

    /// <summary>A lease that is kept alive until it is disposed; keys written with it vanish when it ends.</summary>
    Task<IStoreLease> GrantLeaseAsync(TimeSpan timeToLive, CancellationToken cancellation);

    /// <summary>
    /// The keys below a prefix, and then every change of them in order, for ever: a lost connection is made again and the watch resumes from its revision. First
    /// and after a compaction (or when revisions went backwards because the store was restored) it tells the whole anew (<see cref="StoreUpdate.IsWhole"/>).
    /// </summary>
    IAsyncEnumerable<StoreUpdate> FollowAsync(string prefix, CancellationToken cancellation);
}

/// <summary>A key with its value and the revision at which it was last written.</summary>
public sealed record StoreEntry(string Key, ReadOnlyMemory<byte> Value, long Revision);

/// <summary>Entries below a prefix at one revision of the store.</summary>
public sealed record StoreSnapshot(long Revision, IReadOnlyList<StoreEntry> Entries);

/// <summary>One write of a transaction.</summary>
/// <param name="Key">The key.</param>
/// <param name="Value">The new value; null deletes the key; see <see cref="StoreChange.OnlyIf"/> for a mere condition.</param>
/// <param name="Expected">The revision that the key must have now: 0 = it must not exist, null = whatever.</param>
/// <param name="LeaseId">The lease that the key shall die with; 0 = none.</param>
public sealed record StoreChange(string Key, ReadOnlyMemory<byte>? Value, long? Expected = null, long LeaseId = 0)
{
    /// <summary>Only the condition, nothing written.</summary>
    public bool IsConditionOnly { get; private init; }

    public static StoreChange OnlyIf(string key, long expected) => new(key, null, expected) { IsConditionOnly = true };
}

/// <summary>What a follower gets: the whole, or changes since the last update (a null value is a deletion).</summary>
public sealed record StoreUpdate(bool IsWhole, long Revision, IReadOnlyList<StoreUpdateEntry> Entries);

/// <summary>A key and its new value; null = deleted.</summary>
public sealed record StoreUpdateEntry(string Key, ReadOnlyMemory<byte>? Value, long Revision);

/// <summary>A lease of the store.</summary>
public interface IStoreLease : IAsyncDisposable
{
    long Id { get; }

    /// <summary>Cancelled when the lease is known to have ended or could not be renewed within its time.</summary>
    CancellationToken Ended { get; }
}
