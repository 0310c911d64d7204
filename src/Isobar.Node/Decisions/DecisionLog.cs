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
/// <param name="clock">The present; null = this machine's.</param>
internal sealed class DecisionLog(Func<Instant>? clock = null)
{
    private const int Kept = 8;
    private const int MostJobs = 2000;
    private const double OldSeconds = 3600;

    // Looking for the oldest ones is not for each new job.
    private const int AfterForgetting = MostJobs * 9 / 10;

    private readonly Func<Instant> _clock = clock ?? (static () => MachineLoad.Now);
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Entry> _jobs = [];

    /// <summary>Of how many jobs something is kept.</summary>
    public int Jobs
    {
        get
        {
            lock (_gate)
                return _jobs.Count;
        }
    }

    /// <summary>Notes a decision; the same one again with the same outcome only makes it newer.</summary>
    public void Add(string job, string what, string outcome, bool repeats = false)
    {
        lock (_gate)
        {
            var (decisions, now) = (EntryOf(job).Decisions, _clock());
            decisions.RemoveAll(old => old.What == what && old.Outcome == outcome);
            if (repeats && decisions is [.., { Repeats: true }])
                decisions.RemoveAt(decisions.Count - 1);
            decisions.Add(new Decision(now, what, outcome, repeats));
            if (decisions.Count > Kept)
                decisions.RemoveAt(0);
            Forget(now);
        }
    }

    /// <summary>Notes why a job stays for now.</summary>
    public void Stays(string job, string reason)
    {
        lock (_gate)
        {
            var now = _clock();
            EntryOf(job).Stay = new Decision(now, reason, "it stays");
            Forget(now);
        }
    }

    /// <summary>The newest first; why it stays, if it does, is the second.</summary>
    public (IReadOnlyList<Decision> Decisions, Decision? Stay) Of(string job)
    {
        lock (_gate)
            return _jobs.TryGetValue(job, out var entry) ? ([.. Enumerable.Reverse(entry.Decisions)], entry.Stay) : ([], null);
    }

    private Entry EntryOf(string job) => _jobs.TryGetValue(job, out var entry) ? entry : _jobs[job] = new Entry();

    // A job that runs is thought of again and again: those of which nothing was said for longest have ended or gone.
    private void Forget(Instant now)
    {
        if (_jobs.Count <= MostJobs)
            return;
        var oldestFirst = _jobs.Select(job => (job.Key, At: job.Value.Newest)).OrderBy(job => job.At.Nanoseconds).ToList();
        foreach (var (job, at) in oldestFirst)
        {
            if (now - at <= OldSeconds && _jobs.Count <= AfterForgetting)
                return;
            _jobs.Remove(job);
        }
    }

    private sealed class Entry
    {
        public List<Decision> Decisions { get; } = [];

        public Decision? Stay { get; set; }

        public Instant Newest
        {
            get
            {
                var decided = Decisions.Count > 0 ? Decisions[^1].At : Instant.Never;
                return Stay is { } stay && stay.At > decided ? stay.At : decided;
            }
        }
    }
}
