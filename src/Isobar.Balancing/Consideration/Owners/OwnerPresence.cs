using System.Globalization;

namespace Isobar.Balancing.Consideration.Owners;

/// <summary>What a host sees of its machine's owner at one moment.</summary>
/// <param name="InputIdleSeconds">Seconds since the last input at a keyboard, pointer or terminal; infinite when there is none.</param>
/// <param name="Load">CPUs used by what is neither a job nor Isobar.</param>
/// <param name="LocalTime">The machine's clock.</param>
/// <param name="CommandSays">What the owner's command said last; null when it was not asked or could not be run.</param>
public readonly record struct OwnerSignals(double InputIdleSeconds, double Load, DateTime LocalTime, bool? CommandSays);

/// <summary>
/// Turns the signs of an owner into one number, the seconds since he was last seen there: what <see cref="OwnerRule"/>, Sprite's, Condor's and MOSIX2's rules are
/// asked with (<see cref="NodeState.OwnerIdleSeconds"/>).
/// </summary>
public sealed class OwnerPresence
{
    private Instant _seen = Instant.Never;

    /// <summary>The sign that was seen last, in words; empty before the first.</summary>
    public string Why { get; private set; } = "";

    /// <summary>Without rules only the input counts, for profiles that look at it.</summary>
    public void Update(Instant now, OwnerRules rules, in OwnerSignals signals)
    {
        ArgumentNullException.ThrowIfNull(rules);
        if ((rules.Input || rules.IsEmpty) && double.IsFinite(signals.InputIdleSeconds))
            See(now - Math.Max(0, signals.InputIdleSeconds), "input at a keyboard or terminal");
        if (rules.Load is { } limit && signals.Load >= limit)
            See(now, string.Create(CultureInfo.InvariantCulture, $"his programs use {signals.Load:0.00} CPUs, {limit} or more count"));
        if (rules.Hours is { } hours && hours.Contains(signals.LocalTime))
            See(now, $"it is one of his hours ({hours})");
        if (rules.Command is { } command && signals.CommandSays == true)
            See(now, $"{command} says so");
    }

    /// <summary>Other rules hold from now on: what the old ones saw does not count.</summary>
    public void Forget() => (_seen, Why) = (Instant.Never, "");

    /// <summary>Seconds since he was seen; infinite when he never was.</summary>
    public double IdleSeconds(Instant now) => _seen == Instant.Never ? double.PositiveInfinity : Math.Max(0, now - _seen);

    private void See(Instant when, string why)
    {
        if (_seen != Instant.Never && when < _seen)
            return;
        (_seen, Why) = (when, why);
    }
}
