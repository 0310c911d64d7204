using Isobar.Node.Store;

namespace Isobar.Node.Membership;

/// <summary>Keeps the newest roster in memory and on disk. While the store is away the last one goes on being used.</summary>
public sealed partial class RosterFollower : IAsyncDisposable
{
    private readonly ClusterFolder _folder;
    private readonly IClusterStore _store;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _following;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public RosterFollower(ClusterFolder folder, IClusterStore store, ILogger<RosterFollower> log)
    {
        (_folder, _store, _log) = (folder, store, log);
        Current = folder.LoadRoster();
        _following = FollowAsync();
    }

    public Roster Current { get; private set; }

    /// <summary>Raised after <see cref="Current"/> changed, one change at a time.</summary>
    public event Action<Roster>? Changed;

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
        try
        {
            await foreach (var update in _store.FollowAsync(StoreKeys.Roster, _stop.Token))
            {
                var before = Current;
                // An answer of a store that was restored or is another one must not empty the roster.
                if (update.IsWhole && update.Entries.Count == 0 && before.Nodes.Count > 0)
                {
                    LogEmpty();
                    continue;
                }
                Current = before.Apply(update);
                Save(Current);
                LogChanges(before, Current);
                Changed?.Invoke(Current);
                Interlocked.Exchange(ref _changed, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }
    }

    private void Save(Roster roster)
    {
        try
        {
            _folder.SaveRoster(roster);
        }
        catch (IOException e)
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

    [LoggerMessage(Level = LogLevel.Warning, Message = "roster: cannot be kept on disk: {Reason}")]
    private partial void LogNotSaved(string reason);
}
