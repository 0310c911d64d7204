using Isobar.Balancing;
using Isobar.Balancing.Consideration.Owners;
using Isobar.Linux.Owners;
using Isobar.Node.Settings;

namespace Isobar.Node.Owners;

/// <summary>Looks for the owner of this machine by the rules that were set for it, once a second; what it found last is what every rule is told.</summary>
internal sealed class OwnerWatch(LiveSettings settings, TimeProvider time) : IDisposable
{
    /// <summary>Without rules only a profile may ask for the input, and the kernel tells it to 8 s.</summary>
    private const double EveryForProfile = 5;

    /// <summary>Only `isobar owner show` tells it.</summary>
    private const double EveryOtherwise = 60;

    private readonly TerminalInput _terminals = new();
    private readonly OwnerPresence _presence = new();
    private InputDevices? _devices;
    private OwnerCommand? _command;
    private OwnerRules _rules = OwnerRules.None;
    private double _inputAt = double.NegativeInfinity;
    private double _lastLook = double.NegativeInfinity;
    private double _nextLook;

    /// <summary>The rules that hold here.</summary>
    public OwnerRules Rules => Volatile.Read(ref _rules);

    /// <summary>Seconds since the owner was seen last; infinite when never.</summary>
    public double IdleSeconds { get; private set; } = double.PositiveInfinity;

    /// <summary>Seconds since the last input at a terminal or device; infinite when there is none.</summary>
    public double InputIdleSeconds { get; private set; } = double.PositiveInfinity;

    /// <summary>How many users had a terminal open when it was last looked.</summary>
    public int Users => _terminals.Users;

    /// <summary>There are rules, and by them the owner is there.</summary>
    public bool IsPresent => !Rules.IsEmpty && IdleSeconds < Rules.QuietSeconds;

    /// <summary>The last sign of him, in words.</summary>
    public string Why => _presence.Why;

    /// <summary>What prevents a sign from being looked for.</summary>
    public string? Trouble => _command?.Trouble;

    /// <summary>Looks. True when the owner has just come back.</summary>
    /// <param name="now">The present.</param>
    /// <param name="ownerCpus">CPUs that neither jobs nor Isobar use.</param>
    /// <param name="profileAsks">The profile has rules that look at the input.</param>
    public bool Look(Instant now, double ownerCpus, bool profileAsks)
    {
        FollowSettings();
        var every = profileAsks ? EveryForProfile : EveryOtherwise;
        // A profile that asks has come after the next look was planned.
        if (Rules.Input || now.Seconds >= Math.Min(_nextLook, _lastLook + every))
        {
            (_lastLook, _nextLook) = (now.Seconds, now.Seconds + every);
            LookAtInput(now.Seconds);
        }

        InputIdleSeconds = Math.Max(0, now.Seconds - _inputAt);
        _command?.Look(now.Seconds);
        var before = IsPresent;
        _presence.Update(now, Rules, new OwnerSignals(InputIdleSeconds, ownerCpus, time.GetLocalNow().DateTime, _command?.Says));
        IdleSeconds = _presence.IdleSeconds(now);
        return IsPresent && !before;
    }

    public void Dispose() => _devices?.Dispose();

    private void FollowSettings()
    {
        var rules = settings.OwnerRules;
        if (ReferenceEquals(rules, _rules))
            return;
        Volatile.Write(ref _rules, rules);
        _presence.Forget();
        _nextLook = 0;
        if (_command?.Path != rules.Command)
            _command = rules.Command is { } path ? new OwnerCommand(path) : null;
        // Who types is nobody's business without a rule that asks.
        if (rules.Input)
        {
            _devices ??= new InputDevices();
        }
        else
        {
            _devices?.Dispose();
            _devices = null;
        }
    }

    private void LookAtInput(double now)
    {
        if (_devices?.HadInput() == true)
            _inputAt = now;
        // The terminals' times are of the wall clock, which may be set: only their age is used.
        if (_terminals.LastInput() is { } last)
            _inputAt = Math.Max(_inputAt, now - Math.Max(0, (time.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds - last));
    }
}
