using Isobar.Linux.Load;

namespace Isobar.Node.Load;

/// <summary>
/// How much CPU time a set of processes used between two looks. What a process has used goes to its parent when that has waited for it (getrusage(2)); the parents are in the set, so the sum over all only grows
/// when somebody of them runs, whoever has come and gone between the looks.
/// </summary>
internal sealed class CpuAccount
{
    private Dictionary<(int Pid, double Started), double> _before = [];
    private Dictionary<(int Pid, double Started), double> _now = [];

    /// <summary>CPU seconds since the look before.</summary>
    /// <param name="users">All processes of the set that there are.</param>
    /// <param name="lookedBefore">When the look before was, in seconds after boot: who started later has used all of his time since.</param>
    /// <returns>Null when it cannot be told: at the first look, and when a process ended in the middle of one and was found neither with its own name nor with its parent.</returns>
    public double? Used(IReadOnlyList<ProcessCpu> users, double lookedBefore)
    {
        var isFirst = _before.Count == 0;
        var used = 0.0;
        foreach (var user in users)
        {
            var key = (user.Pid, user.Started);
            _now[key] = user.CpuSeconds;
            // A job's sum falls when a process of its ends for which nobody waits. One that was not seen although it was there was started before the daemon was: what it used then is nobody's news.
            used += _before.Remove(key, out var before) ? Math.Max(0, user.CpuSeconds - before) : user.Started >= lookedBefore ? user.CpuSeconds : 0;
        }

        foreach (var gone in _before.Values)
            used -= gone;
        _before.Clear();
        (_before, _now) = (_now, _before);
        return isFirst || used < 0 ? null : used;
    }
}
