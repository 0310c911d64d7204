namespace Isobar.Balancing.Consideration.Fairness;

/// <summary>
/// Condor's user priority [systems.md S2.3: user-priorities-negotiation.rst]: rup(t) = b * rup(t - dt) + (1 - b) * used, b = 0.5^(dt / h); effective priority =
/// rup * factor; smaller is better; shares are proportional to its inverse. Starts at 0.5 and does not fall below.
/// </summary>
public sealed class FairShare(double halfLifeSeconds = FairShare.DefaultHalfLifeSeconds)
{
    /// <summary>PRIORITY_HALFLIFE of the manual's worked example.</summary>
    public const double DefaultHalfLifeSeconds = 86400;

    public const double Best = 0.5;

    /// <summary>A running job is preempted only after so long...</summary>
    public const double PreemptAfterSeconds = 3600;

    /// <summary>... and for a user whose priority is better by this factor (PREEMPTION_REQUIREMENTS).</summary>
    public const double PreemptFactor = 1.2;

    private readonly Dictionary<int, (double Real, double Factor)> _users = [];

    /// <summary>b for a step.</summary>
    public double Kept(double seconds) => Math.Pow(0.5, seconds / halfLifeSeconds);

    public double Real(int user) => _users.TryGetValue(user, out (double Real, double Factor) known) ? known.Real : Best;

    public double Effective(int user) => _users.TryGetValue(user, out (double Real, double Factor) known) ? known.Real * known.Factor : Best;

    /// <summary>PRIORITY_FACTOR of a user: larger is worse (remote users, nice users).</summary>
    public void SetFactor(int user, double factor) => _users[user] = (Real(user), factor);

    /// <summary>A user held so many machines for this time.</summary>
    public void Update(int user, double machines, double seconds)
    {
        double kept = Kept(seconds);
        double factor = _users.TryGetValue(user, out (double Real, double Factor) known) ? known.Factor : 1;
        _users[user] = (Math.Max(Best, kept * Real(user) + (1 - kept) * machines), factor);
    }

    /// <summary>Index of the user to be served next: the best effective priority, ties to the first.</summary>
    public int Next(ReadOnlySpan<int> users)
    {
        int best = -1;
        for (int i = 0; i < users.Length; i++)
        {
            if (best < 0 || Effective(users[i]) < Effective(users[best]))
                best = i;
        }

        return best;
    }

    /// <summary>The user's part of the machines among those who want some, 0..1.</summary>
    public double Share(int user, ReadOnlySpan<int> users)
    {
        double sum = 0;
        foreach (int other in users)
            sum += 1 / Effective(other);
        return sum <= 0 ? 0 : 1 / Effective(user) / sum;
    }

    /// <summary>Whether a waiting user's job may push out a running one.</summary>
    public bool MayPreempt(int waiting, int running, double runningSeconds) =>
        runningSeconds > PreemptAfterSeconds && Effective(running) > Effective(waiting) * PreemptFactor;
}
