using System.Collections.Concurrent;
using Isobar.Balancing;
using Isobar.Node.Load;

namespace Isobar.Node.Decisions;

/// <summary>One decision about a job.</summary>
/// <param name="At">When.</param>
/// <param name="What">What was decided and why, with the numbers.</param>
/// <param name="Outcome">What came of it.</param>
/// <param name="Repeats">One of many alike: the next such takes its place, so that what was done is not pushed out by what was not.</param>
internal sealed record Decision(Instant At, string What, string Outcome, bool Repeats = false);

/// <summary>What this node decided about each job lately, for <c>isobar why</c>. In memory: the ledger keeps what was done for good.</summary>
internal sealed class DecisionLog
{
    private const int Kept = 8;
    private const int MostJobs = 2000;

    private readonly ConcurrentDictionary<string, Entry> _jobs = new();

    /// <summary>Notes a decision; the same one again with the same outcome only makes it newer.</summary>
    public void Add(string job, string what, string outcome, bool repeats = false)
    {
        var entry = _jobs.GetOrAdd(job, static _ => new Entry());
        lock (entry)
        {
            entry.Decisions.RemoveAll(old => old.What == what && old.Outcome == outcome);
            if (repeats && entry.Decisions is [.., { Repeats: true }])
                entry.Decisions.RemoveAt(entry.Decisions.Count - 1);
            entry.Decisions.Add(new Decision(MachineLoad.Now, what, outcome, repeats));
            if (entry.Decisions.Count > Kept)
                entry.Decisions.RemoveAt(0);
        }

        if (_jobs.Count > MostJobs)
            Forget();
    }

    /// <summary>Notes why a job stays for now.</summary>
    public void Stays(string job, string reason)
    {
        var entry = _jobs.GetOrAdd(job, static _ => new Entry());
        lock (entry)
            entry.Stay = new Decision(MachineLoad.Now, reason, "it stays");
    }

    /// <summary>The newest first; why it stays, if it does, is the second.</summary>
    public (IReadOnlyList<Decision> Decisions, Decision? Stay) Of(string job)
    {
        if (!_jobs.TryGetValue(job, out var entry))
            return ([], null);
        lock (entry)
            return ([.. Enumerable.Reverse(entry.Decisions)], entry.Stay);
    }

    private void Forget()
    {
        foreach (var (job, entry) in _jobs)
        {
            bool old;
            lock (entry)
                old = entry.Stay is null && (entry.Decisions.Count == 0 || MachineLoad.Now - entry.Decisions[^1].At > 3600);
            if (old)
                _jobs.TryRemove(job, out _);
        }

        // All of them fresh: the order of a dictionary is as good as any.
        foreach (var job in _jobs.Keys.Take(Math.Max(0, _jobs.Count - MostJobs)))
            _jobs.TryRemove(job, out _);
    }

    private sealed class Entry
    {
        public List<Decision> Decisions { get; } = [];

        public Decision? Stay { get; set; }
    }
}
