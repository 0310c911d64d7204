using Isobar.Simulation.Engine;
using Isobar.Simulation.Workloads;

namespace Isobar.Simulation.Grid;

/// <summary>
/// Sites of one-CPU batch slots, first come first served, alone or as a federation with owners first (systems.md S23.3, G15): a job whose home is full
/// runs as a guest at the site with the most free slots; a guest leaves at once when its host's own job needs the slot, keeps what it has done, pays
/// for the move, and is again a job of its home.
/// </summary>
/// <remarks>
/// Under <see cref="GridPolicy.NeverLaterThanAlone"/> the image that a job left its home with is kept there, so that coming home costs at most what was
/// done since: a job whose time has come and who has done less than a move costs begins from it.
/// </remarks>
public sealed class GridSimulation
{
    private const int Submit = 0;
    private const int Finish = 1;
    private const int EndAlone = 2;

    private readonly IReadOnlyList<BatchJob> _jobs;
    private readonly GridPolicy _policy;
    private readonly double _moveSeconds;
    private readonly Site[] _sites;
    private readonly Job[] _state;
    private readonly AloneSchedule _alone;
    private readonly EventQueue _queue = new();

    // Everybody who waits, by submission; entries of jobs that wait no more are dropped when they come up.
    private readonly PriorityQueue<int, (double, int)> _waiting = new();
    private double _now;

    /// <param name="jobs">One-CPU jobs in order of submission; Partition-1 is the home site.</param>
    /// <param name="slots">Slots of each site.</param>
    /// <param name="policy">How the sites help each other.</param>
    /// <param name="moveSeconds">What a start or a move between sites costs the job.</param>
    public GridSimulation(IReadOnlyList<BatchJob> jobs, IReadOnlyList<int> slots, GridPolicy policy, double moveSeconds)
    {
        ArgumentNullException.ThrowIfNull(jobs);
        ArgumentNullException.ThrowIfNull(slots);
        _jobs = jobs;
        _policy = policy;
        _moveSeconds = moveSeconds;
        _sites = [.. slots.Select(count => new Site { Free = count })];
        _state = new Job[jobs.Count];
        _alone = new AloneSchedule(slots);
    }

    /// <summary>Jobs that were sent away from a slot because its owner needed it.</summary>
    public int Evictions { get; private set; }

    /// <summary>Starts at a site that is not the home.</summary>
    public int GuestStarts { get; private set; }

    /// <summary>Jobs whose time had come before they had done, elsewhere, what their way home costs, and which began again at home.</summary>
    public int Restarts { get; private set; }

    /// <summary>Runs all jobs to their end.</summary>
    public GridJobResult[] Run()
    {
        for (var i = 0; i < _jobs.Count; i++)
        {
            _state[i] = new Job { Left = _jobs[i].Run, LeftAtHome = _jobs[i].Run, Host = -1, AloneEnd = -1 };
            _queue.Schedule(_jobs[i].Submit, Submit, i);
        }

        var results = new GridJobResult[_jobs.Count];
        while (_queue.TryDequeue(out var next))
        {
            _now = next.Time;
            switch (next.Kind)
            {
                case Submit:
                    Arrive(next.Subject);
                    break;
                case EndAlone:
                    PassClaim(next.Subject);
                    break;
                default:
                    var job = _jobs[next.Subject];
                    results[next.Subject] = new GridJobResult(HomeOf(next.Subject), _now - job.Submit - job.Run, job.Run);
                    Leave(next.Subject);
                    break;
            }
        }

        return results;
    }

    private int HomeOf(int job) => _jobs[job].Partition - 1;

    private void Arrive(int job)
    {
        if (_policy == GridPolicy.NeverLaterThanAlone && _alone.Submit(HomeOf(job), job))
            Claim(job);
        else
            Seek(job);
    }

    /// <summary>The moment at which the job would have begun alone: from now on it must run.</summary>
    private void Claim(int job)
    {
        ref var state = ref _state[job];
        state.IsClaimed = true;
        if (!state.HasEnded && state.Host != HomeOf(job))
        {
            // What it still needs if it is sent home at once must not be more than alone, else it goes home now.
            var isSafe = state.Host >= 0 && LeftNow(in state) + _moveSeconds <= _jobs[job].Run;
            if (!isSafe)
                GoHome(job);
        }

        state.AloneEnd = _queue.Schedule(_now + _jobs[job].Run, EndAlone, job);
    }

    private void PassClaim(int job)
    {
        _state[job].AloneEnd = -1;
        if (_alone.End(HomeOf(job)) is { } next)
            Claim(next);
    }

    /// <summary>A slot for a job that has none: at home, at home in a guest's place, elsewhere, or the queue.</summary>
    private void Seek(int job)
    {
        var home = HomeOf(job);
        if (_state[job].IsClaimed)
            GoHome(job);
        else if (_sites[home].Free > 0)
            Start(job, home);
        else if (_sites[home].Guests.Count > 0)
            StartInPlaceOf(_sites[home].Guests[^1], job);
        else if (_policy != GridPolicy.Isolated && MostFree() is { } host)
            Start(job, host);
        else
            Wait(job, _jobs[job].Submit);
    }

    /// <summary>A slot at home for a job whose time has come: a free one, a guest's, or that of an own job whose time has not come.</summary>
    private void GoHome(int job)
    {
        if (_state[job].Host >= 0)
        {
            var host = _state[job].Host;
            Suspend(job);
            GoHome(job);
            Fill(host);
            return;
        }

        var site = _sites[HomeOf(job)];
        if (site.Free > 0)
            Start(job, HomeOf(job));
        else if (site.Guests.Count > 0)
            StartInPlaceOf(site.Guests[^1], job);
        else if (site.Own.FindLastIndex(other => !_state[other].IsClaimed) is var early and >= 0)
            StartInPlaceOf(site.Own[early], job);
        else
            Wait(job, double.NegativeInfinity);
    }

    // The one that came last has done least here.
    private void StartInPlaceOf(int other, int job)
    {
        var wasGuest = _state[other].Host != HomeOf(other);
        Suspend(other);
        if (wasGuest)
            Evictions++;

        Start(job, HomeOf(job));
        Seek(other);
    }

    private void Wait(int job, double since)
    {
        _state[job].Waits = true;
        _sites[HomeOf(job)].Queue.Enqueue(job, (since, job));

        // A job with a claim waits at most for the rounding of times, and at home only.
        if (!_state[job].IsClaimed)
            _waiting.Enqueue(job, (since, job));
    }

    private int? MostFree()
    {
        var best = 0;
        int? host = null;
        for (var i = 0; i < _sites.Length; i++)
        {
            if (_sites[i].Free > best)
                (best, host) = (_sites[i].Free, i);
        }

        return host;
    }

    private void Start(int job, int host)
    {
        ref var state = ref _state[job];
        state.Waits = false;
        var isHome = host == HomeOf(job);
        if (!isHome && !state.WasAway)
            state.LeftAtHome = state.Left;

        if (!isHome || state.WasAway)
            state.Left += _moveSeconds;

        if (isHome && state.WasAway && _policy == GridPolicy.NeverLaterThanAlone && state.Left > state.LeftAtHome)
        {
            state.Left = state.LeftAtHome;
            Restarts++;
        }

        state.WasAway = !isHome;
        state.Host = host;
        state.Began = _now;
        state.Event = _queue.Schedule(_now + state.Left, Finish, job);
        _sites[host].Free--;
        (isHome ? _sites[host].Own : _sites[host].Guests).Add(job);
        if (!isHome)
            GuestStarts++;
    }

    private double LeftNow(in Job state) => state.Left - (_now - state.Began);

    private void Suspend(int job)
    {
        ref var state = ref _state[job];
        _queue.Cancel(state.Event);
        state.Left = LeftNow(in state);
        Vacate(job);
    }

    private void Leave(int job)
    {
        ref var state = ref _state[job];
        var host = state.Host;
        Vacate(job);
        state.HasEnded = true;

        // A job that ran as it would have alone passes its claim on before its slot is offered to anybody else.
        if (state.IsClaimed && state.AloneEnd >= 0 && _queue.TimeOf(state.AloneEnd) <= _now)
        {
            _queue.Cancel(state.AloneEnd);
            PassClaim(job);
        }

        Fill(host);
    }

    private void Vacate(int job)
    {
        var host = _state[job].Host;
        _sites[host].Free++;
        (host == HomeOf(job) ? _sites[host].Own : _sites[host].Guests).Remove(job);
        _state[job].Host = -1;
    }

    /// <summary>Gives a free slot to the site's own first job, else to whoever waits longest anywhere.</summary>
    private void Fill(int host)
    {
        if (_sites[host].Free == 0)
            return;

        if (TryFirst(_sites[host].Queue, out var own))
            Start(own, host);
        else if (_policy != GridPolicy.Isolated && TryFirst(_waiting, out var other))
            Start(other, host);
    }

    private bool TryFirst(PriorityQueue<int, (double, int)> queue, out int job)
    {
        while (queue.TryDequeue(out job, out _))
        {
            if (_state[job].Waits)
                return true;
        }

        return false;
    }

    private struct Job
    {
        public double Left;
        public double LeftAtHome;
        public double Began;
        public int Host;
        public int Event;
        public int AloneEnd;
        public bool Waits;
        public bool WasAway;
        public bool IsClaimed;
        public bool HasEnded;
    }

    private sealed class Site
    {
        public int Free { get; set; }

        public List<int> Guests { get; } = [];

        /// <summary>Own jobs in their slots, in the order in which they began.</summary>
        public List<int> Own { get; } = [];

        public PriorityQueue<int, (double, int)> Queue { get; } = new();
    }
}
