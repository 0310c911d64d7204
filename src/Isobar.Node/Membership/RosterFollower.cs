using System.Text.Json;
using Isobar.Node.Store;

namespace Isobar.Node.Membership;

/// <summary>Keeps the newest roster in memory and on disk. While the store is away the last one goes on being used.</summary>
public sealed partial class RosterFollower : IAsyncDisposable
{
    private const long DoubtEvery = 5000;
    private readonly ClusterFolder _folder;
    private readonly IClusterStore _store;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _doubting = new();
    private Task _following = Task.CompletedTask;
    private CancellationTokenSource? _watching;
    private long _doubtAfter = long.MinValue;
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
    /// Somebody who shows a certificate of this cluster is not in the roster. Mostly he was a member once; but a change may have been missed, so all is read and watched anew, at most every few seconds.
    /// </summary>
    public void Doubt()
    {
        var now = Environment.TickCount64;
        lock (_doubting)
        {
            if (now < _doubtAfter || _watching is not { } watching)
                return;
            _doubtAfter = now + DoubtEvery;
            _ = watching.CancelAsync();
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
        _stop.Dispose();
    }

    private async Task FollowAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            using var watching = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
            Watch(watching);
            try
            {
                await foreach (var update in _store.FollowAsync(StoreKeys.Roster, watching.Token))
                    Take(update);
            }
            catch (OperationCanceledException)
            {
                // Stopped, or in doubt: then anew.
            }
            catch (ObjectDisposedException)
            {
                // The cluster's connections were closed first.
                return;
            }
            finally
            {
                Watch(null);
            }
        }
    }

    private void Watch(CancellationTokenSource? watching)
    {
        lock (_doubting)
            _watching = watching;
    }

    private void Take(StoreUpdate update)
    {
        var before = Current;
        // An answer of a store that was restored or is another one must not empty the roster.
        if (update.IsWhole && update.Entries.Count == 0 && before.Nodes.Count > 0)
        {
            LogEmpty();
            return;
        }

        try
        {
            Current = before.Apply(update);
        }
        catch (JsonException e)
        {
            LogNotFollowed(e.Message);
            return;
        }

        // Read again for a stranger who is none of us: nothing has changed.
        if (update.IsWhole && !before.IsCached && before.Nodes.Values.SequenceEqual(Current.Nodes.Values) && before.Evicted.Values.SequenceEqual(Current.Evicted.Values))
            return;
        Save(Current);
        LogChanges(before, Current);
        Tell(Current);
        Interlocked.Exchange(ref _changed, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
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

    [LoggerMessage(Level = LogLevel.Error, Message = "roster: a change could not be followed: {Reason}")]
    private partial void LogNotFollowed(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "roster: cannot be kept on disk: {Reason}")]
    private partial void LogNotSaved(string reason);
}
