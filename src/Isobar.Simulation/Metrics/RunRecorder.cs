using Isobar.Balancing;
using Isobar.Balancing.Dissemination;
using Isobar.Simulation.Statistics;

namespace Isobar.Simulation.Metrics;

/// <summary>Collects what happens in one run and sums it up.</summary>
internal sealed class RunRecorder(double warmUp)
{
    private readonly Sample _slowdowns = new();
    private readonly Sample _delays = new();
    private readonly Dictionary<int, (double Sum, int Count)> _homes = [];
    private double _responses;
    private double _last;
    private int _mostMoves;
    private int _nodes;
    private long _mostMessages;
    private long _mostBytes;
    private double _busy;
    private double _cores;
    private double _ageSum;
    private long _ageCount;
    private double _actedAge;
    private long _acted;
    private long _stale;
    private long _wrong;
    private double _ownerSlowdown;
    private long _ownerBursts;

    public long Placements { get; set; }

    public long Moves { get; set; }

    public long Aborts { get; set; }

    public long Refusals { get; set; }

    public double BytesMoved { get; set; }

    public long LoadMessages { get; set; }

    public long LoadBytes { get; set; }

    public long AttachedEntries { get; set; }

    public long Suspensions { get; set; }

    public long Kills { get; set; }

    public long Thrashings { get; set; }

    public long Restarts { get; set; }

    public double LostCpu { get; set; }

    public double GuestSecondsBesideOwner { get; set; }

    public void AddProcess(double born, double end, double alone, int home, int moves, bool isOwner)
    {
        _last = Math.Max(_last, end);
        _mostMoves = Math.Max(_mostMoves, moves);
        if (born < warmUp)
            return;

        var slowdown = (end - born) / alone;
        if (isOwner)
            AddOwnerBurst(end - born, alone);

        _slowdowns.Add(slowdown);
        _delays.Add(end - born - alone);
        _responses += end - born;
        _homes.TryGetValue(home, out var sum);
        _homes[home] = (sum.Sum + slowdown, sum.Count + 1);
    }

    public void AddOwnerBurst(double seconds, double alone)
    {
        _ownerSlowdown += seconds / alone;
        _ownerBursts++;
    }

    public void AddNode(double busyCoreSeconds, int cores, long messages, long bytes)
    {
        _nodes++;
        _busy += busyCoreSeconds;
        _cores += cores;
        _mostMessages = Math.Max(_mostMessages, messages);
        _mostBytes = Math.Max(_mostBytes, bytes);
    }

    public void CountDecision(ClusterView view, Instant now)
    {
        foreach (ref readonly var entry in view.Entries)
        {
            _ageSum += entry.Age(now);
            _ageCount++;
        }
    }

    public void CountMoveDecision(double age, bool stale, bool wrong)
    {
        _acted++;
        _actedAge += age;
        _stale += stale ? 1 : 0;
        _wrong += wrong ? 1 : 0;
    }

    public RunResult Finish(string profile, string workload, ulong seed, double now, int unfinished, long events)
    {
        var fairness = new Sample(_homes.Count);
        foreach (var (sum, count) in _homes.Values)
            fairness.Add(sum / count);

        return new RunResult
        {
            Profile = profile,
            Workload = workload,
            Seed = seed,
            Processes = _slowdowns.Count,
            MeanSlowdown = _slowdowns.Mean,
            MedianSlowdown = _slowdowns.Quantile(0.5),
            P95Slowdown = _slowdowns.Quantile(0.95),
            P99Slowdown = _slowdowns.Quantile(0.99),
            MeanDelay = _delays.Mean,
            P99Delay = _delays.Quantile(0.99),
            MeanResponse = _slowdowns.Count == 0 ? 0 : _responses / _slowdowns.Count,
            Makespan = _last,
            Fairness = fairness.JainIndex(),
            Utilisation = Ratio(_busy, _cores * now),
            Placements = Placements,
            Moves = Moves,
            MostMoves = _mostMoves,
            Aborts = Aborts,
            Refusals = Refusals,
            BytesMoved = BytesMoved,
            MessagesPerNodeSecond = Ratio(LoadMessages, _nodes * now),
            LoadBytesPerNodeSecond = Ratio(LoadBytes, _nodes * now),
            BusiestNodeMessagesPerSecond = Ratio(_mostMessages, now),
            BusiestNodeBytesPerSecond = Ratio(_mostBytes, now),
            AttachedEntries = AttachedEntries,
            InformationAge = Ratio(_ageSum, _ageCount),
            ActedAge = Ratio(_actedAge, _acted),
            StaleShare = Ratio(_stale, _acted),
            WrongShare = Ratio(_wrong, _acted),
            OwnerSlowdown = _ownerBursts == 0 ? 1 : _ownerSlowdown / _ownerBursts,
            GuestSecondsBesideOwner = GuestSecondsBesideOwner,
            Suspensions = Suspensions,
            Kills = Kills,
            Thrashings = Thrashings,
            Restarts = Restarts,
            LostCpu = LostCpu,
            Unfinished = unfinished,
            Events = events,
        };
    }

    private static double Ratio(double part, double whole) => whole > 0 ? part / whole : 0;
}
