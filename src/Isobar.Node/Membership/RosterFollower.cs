using System.Text.Json;
using Isobar.Node.Store;
using Isobar.Protocol;

namespace Isobar.Node.Membership;

/// <summary>Keeps the newest roster in memory and on disk. While the store is away the last one goes on being used.</summary>
public sealed partial class RosterFollower : IAsyncDisposable
{
    private const long DoubtEvery = 5000;
    private readonly ClusterFolder _folder;
    private readonly IClusterStore _store;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly Lock _doubting = new();
    private Task _following = Task.CompletedTask;
    private Task _reading = Task.CompletedTask;
    private long _doubtAfter = long.MinValue;

    // What the watch still tells of up to here was read already.
    private long _readUpTo;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public RosterFollower(ClusterFolder folder, IClusterStore store, ILogger<RosterFollower> log)
    {
        (_folder, _store, _log) = (folder, store, log);
        Current = folder.LoadRoster();
    }

    public Roster Current { get; private set; }

    /// <summary>Raised after <see cref="Current"/> changed, one change at a time.</summary>
    public event Action<Roster>? Changed;

    /// <summary>Begins to follow the store. Not before those are ready who are told, or the first change would find them half made.</summary>
    public void Start() => _following = FollowAsync();

    /// <summary>
    /// Somebody who shows a certificate of this cluster is not in the roster. Mostly he was a member once; but a change may have been missed, so the store is asked again, at most every few seconds.
    /// </summary>
    public void Doubt()
    {
        var now = Environment.TickCount64;
        lock (_doubting)
        {
            if (now < _doubtAfter || !_reading.IsCompleted || _stop.IsCancellationRequested)
                return;
            _doubtAfter = now + DoubtEvery;
            var until = _stop.Token;
            _reading = Task.Run(() => ReadAgainAsync(until), CancellationToken.None);
        }
    }

    /// <summary>Waits until the roster fulfils a condition.</summary>
    public async Task<Roster> WaitAsync(Func<Roster, bool> condition, CancellationToken cancellation)
    {
        while (true)
        {
            var next = _changed.Task;
            if (Current is var roster && condition(roster))
                return roster;
            await next.WaitAsync(cancellation);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _following;
        Task reading;
        lock (_doubting)
            reading = _reading;
        await reading;
        _stop.Dispose();
    }

    private async Task FollowAsync()
    {
        try
        {
            await foreach (var update in _store.FollowAsync(StoreKeys.Roster, _stop.Token))
                Take(update);
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // Stopped, or the cluster's connections were closed first.
        }
    }

    private async Task ReadAgainAsync(CancellationToken cancellation)
    {
        try
        {
            var snapshot = await _store.ListAsync(StoreKeys.Roster, cancellation);
            lock (_gate)
            {
                // What the watch has told meanwhile is newer.
                if (snapshot.Revision < Current.Revision)
                    return;
                var update = new StoreUpdate(true, snapshot.Revision, [.. snapshot.Entries.Select(entry => new StoreUpdateEntry(entry.Key, entry.Value, entry.Revision))]);
                var now = Current.Apply(update);
                if (now.Nodes.Values.SequenceEqual(Current.Nodes.Values) && now.Evicted.Values.SequenceEqual(Current.Evicted.Values))
                    return;
                LogMissed();
                Take(update);
                _readUpTo = snapshot.Revision;
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or IsobarException or JsonException)
        {
            // Stopped, or not now: whoever is not known comes again.
        }
    }

    private void Take(StoreUpdate update)
    {
        lock (_gate)
        {
            var before = Current;
            // An answer of a store that was restored or is another one must not empty the roster.
            if (update.IsWhole && update.Entries.Count == 0 && before.Nodes.Count > 0)
            {
                LogEmpty();
                return;
            }

            if (update.IsWhole)
                _readUpTo = 0;
            else if (update.Entries.Any(entry => entry.Revision <= _readUpTo))
                update = update with { Entries = [.. update.Entries.Where(entry => entry.Revision > _readUpTo)] };
            try
            {
                Current = before.Apply(update);
            }
            catch (JsonException e)
            {
                LogNotFollowed(e.Message);
                return;
            }

            Save(Current);
            LogChanges(before, Current);
            Tell(Current);
            Interlocked.Exchange(ref _changed, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
        }
    }

    private void Tell(Roster roster)
    {
        try
        {
            Changed?.Invoke(roster);
        }
        catch (Exception e)
        {
            // Who cannot live with one change must not keep the next ones from everybody: without them this node would refuse every later member.
            LogNotFollowed(e.ToString());
        }
    }

    private void Save(Roster roster)
    {
        try
        {
            _folder.SaveRoster(roster);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNotSaved(e.Message);
        }
    }

    private void LogChanges(Roster before, Roster now)
    {
        foreach (var name in now.Nodes.Keys.Except(before.Nodes.Keys))
            LogJoined(name, now.Nodes[name].Address);
        foreach (var name in before.Nodes.Keys.Except(now.Nodes.Keys))
            LogGone(name, now.Evicted.ContainsKey(name) ? "was evicted" : "left");
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "roster: {Node} at {Address} is a member")]
    private partial void LogJoined(string node, string address);

    [LoggerMessage(Level = LogLevel.Information, Message = "roster: {Node} {How}")]
    private partial void LogGone(string node, string how);

    [LoggerMessage(Level = LogLevel.Warning, Message = "roster: the store knows no members; keeping the last roster")]
    private partial void LogEmpty();

    [LoggerMessage(Level = LogLevel.Warning, Message = "roster: a change was missed and has been read from the store")]
    private partial void LogMissed();

    [LoggerMessage(Level = LogLevel.Error, Message = "roster: a change could not be followed: {Reason}")]
    private partial void LogNotFollowed(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "roster: cannot be kept on disk: {Reason}")]
    private partial void LogNotSaved(string reason);
}
