using Isobar.Balancing.Consideration.Owners;
using Isobar.Balancing.Profiles;
using Isobar.Node.Membership;
using Isobar.Protocol;
using Isobar.Protocol.Cluster;

namespace Isobar.Node.Settings;

/// <summary>The settings that hold for this node now: its own, the cluster's, or the defaults.</summary>
internal sealed partial class LiveSettings(ClusterRuntime runtime, TimeProvider time, ILogger<LiveSettings> log)
{
    private static readonly Profile Default = SettingKind.ProfileOf(SettingKind.Profile.Default);

    private SettingsFollower? _follower;
    private string _profileText = SettingKind.Profile.Default;
    private Profile _profile = Default;
    private string _ownerText = "";
    private OwnerRules _ownerRules = OwnerRules.None;
    private Dictionary<string, Reservation> _reservations = [];

    /// <summary>Raised when any of them changed.</summary>
    public event Action? Changed;

    /// <summary>What to read them from; null outside of a cluster.</summary>
    public SettingsFollower? Follower
    {
        get => Volatile.Read(ref _follower);
        set
        {
            if (_follower is { } old)
                old.Changed -= OnChanged;
            Volatile.Write(ref _follower, value);
            if (value is not null)
                value.Changed += OnChanged;
            OnChanged();
        }
    }

    public SettingValues Values => Follower?.Current ?? SettingValues.Empty;

    /// <summary>The profile that this node runs.</summary>
    public Profile Profile => Volatile.Read(ref _profile);

    public int MovesAtOnce => Read(SettingKind.MovesAtOnce, value => SettingKind.Whole(SettingKind.MovesAtOnce.Name, value, 0, 64));

    public double GossipAge => Read(SettingKind.GossipAge, value => SettingKind.Seconds(SettingKind.GossipAge.Name, value, 0, 3600));

    /// <summary>The share of this machine's memory that is not lent to other machines' jobs, 0 to 1.</summary>
    public double MemoryKeptFree => Read(SettingKind.MemoryKeptFree, value => SettingKind.Share(SettingKind.MemoryKeptFree.Name, value));

    /// <summary>The rules for this machine's owner; another object when they changed.</summary>
    public OwnerRules OwnerRules => Volatile.Read(ref _ownerRules);

    /// <summary>For whom a node is kept now; null = for everybody.</summary>
    public Reservation? ReservationOf(string node) =>
        Volatile.Read(ref _reservations).GetValueOrDefault(node) is { } reservation && time.GetUtcNow() < reservation.Until ? reservation : null;

    /// <summary>Whether any node is kept for anybody.</summary>
    public bool HasReservations => Volatile.Read(ref _reservations).Count > 0;

    /// <summary>The site that a node belongs to; empty = that of all without one.</summary>
    public string SiteOf(string node) => Values.Of(SettingKind.Site, node);

    /// <exception cref="ClusterException">Not in a cluster.</exception>
    public SettingsFollower Require()
    {
        runtime.Require();
        return Follower ?? throw new ClusterException("the settings are just being read: try again in a moment.");
    }

    private void OnChanged()
    {
        var text = Values.Of(SettingKind.Profile, runtime.NodeName);
        if (text != _profileText)
        {
            try
            {
                Volatile.Write(ref _profile, SettingKind.ProfileOf(text));
                _profileText = text;
                LogProfile(Profile.Name);
            }
            catch (ClusterException e)
            {
                // Another version of the daemon may know a profile that this one does not.
                LogBad(e.Message, Profile.Name);
            }
        }

        ReadOwner();
        Volatile.Write(ref _reservations, Reservations());
        Changed?.Invoke();
    }

    private void ReadOwner()
    {
        var text = Values.Of(SettingKind.Owner, runtime.NodeName);
        if (text == _ownerText)
            return;
        _ownerText = text;
        Volatile.Write(ref _ownerRules, Read(SettingKind.Owner, SettingKind.OwnerRulesOf));
    }

    private Dictionary<string, Reservation> Reservations()
    {
        var found = new Dictionary<string, Reservation>();
        foreach (var (name, node, value) in Values.Set())
        {
            if (name != SettingKind.Reserve.Name || node.Length == 0)
                continue;
            try
            {
                found[node] = Reservation.Parse(value);
            }
            catch (IsobarException)
            {
                // Of another version of the daemon.
            }
        }

        return found;
    }

    private T Read<T>(SettingKind kind, Func<string, T> read)
    {
        try
        {
            return read(Values.Of(kind, runtime.NodeName));
        }
        catch (IsobarException)
        {
            return read(kind.Default);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "settings: profile {Name}")]
    private partial void LogProfile(string name);

    [LoggerMessage(Level = LogLevel.Warning, Message = "settings: {Reason} Profile {Name} goes on.")]
    private partial void LogBad(string reason, string name);
}
