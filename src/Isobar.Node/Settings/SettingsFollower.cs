using System.Text;
using System.Text.Json;
using Isobar.Node.Membership;
using Isobar.Node.Store;
using Isobar.Protocol.Security;

namespace Isobar.Node.Settings;

/// <summary>Keeps the newest settings in memory and on disk. While the store is away the last ones go on being used and none can be changed.</summary>
internal sealed partial class SettingsFollower : IAsyncDisposable
{
    private const string CacheFile = "settings.json";

    private readonly IClusterStore _store;
    private readonly string _cache;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _following;
    private SettingValues _current;

    public SettingsFollower(IClusterStore store, ClusterFolder folder, ILogger<SettingsFollower> log)
    {
        (_store, _log) = (store, log);
        _cache = Path.Combine(folder.Path, CacheFile);
        _current = Load();
        _following = FollowAsync();
    }

    public SettingValues Current => Volatile.Read(ref _current);

    public event Action? Changed;

    /// <summary>Sets a value, or takes it away when it is empty.</summary>
    /// <exception cref="StoreUnavailableException">Not now.</exception>
    public async Task SetAsync(SettingKind kind, string node, string value, CancellationToken cancellation)
    {
        if (value.Length > 0)
            kind.Check(value);
        // Not "null : GetBytes" alone: that is an array, and becomes an empty value instead of none.
        ReadOnlyMemory<byte>? bytes = value.Length == 0 ? default(ReadOnlyMemory<byte>?) : Encoding.UTF8.GetBytes(value);
        await _store.TryCommitAsync([new StoreChange(SettingValues.KeyOf(kind.Name, node), bytes)], cancellation);
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
            await foreach (var update in _store.FollowAsync(StoreKeys.Settings, _stop.Token))
            {
                Volatile.Write(ref _current, Current.Apply(update));
                Save();
                Tell();
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // Stopped, or the cluster's connections were closed first.
        }
    }

    private void Tell()
    {
        try
        {
            Changed?.Invoke();
        }
        catch (Exception e)
        {
            // Who cannot live with one value must not keep the next ones from everybody.
            LogNotFollowed(e.ToString());
        }
    }

    private void Save()
    {
        try
        {
            SecretFile.Write(_cache, Current.ToJson());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNotSaved(e.Message);
        }
    }

    private SettingValues Load()
    {
        try
        {
            return SettingValues.FromJson(File.ReadAllBytes(_cache));
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            return SettingValues.Empty;
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "settings: a change could not be followed: {Reason}")]
    private partial void LogNotFollowed(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "settings: cannot be kept on disk: {Reason}")]
    private partial void LogNotSaved(string reason);
}
