using Isobar.Simulation.Engine;
using Isobar.Simulation.Workloads;

namespace Isobar.Simulation.Grid;

/// <summary>What one job of a grid met with.</summary>
/// <param name="Site">Its home site.</param>
/// <param name="Wait">Time in the system less its run time: queueing, moves and what was lost by being sent away; seconds.</param>
/// <param name="Run">Its run time, seconds.</param>
public readonly record struct GridJobResult(int Site, double Wait, double Run);

/// <summary>
/// Sites of one-CPU batch slots, first come first served; alone, or as a federation with owners first (systems.md S23.3, G15): a job whose home
/// is full runs as a guest at the site with the most free slots; a guest leaves at once when its host's own job needs the slot, keeps what it has
/// done, pays for the move, and is again a job of its home. So an owner always finds at least the slots that he has alone.
/// </summary>
public sealed class GridSimulation
{
    private const int Submit = 0;
    private const int Finish = 1;

    private readonly IReadOnlyList<BatchJob> _jobs;
    private readonly bool _federated;
    private readonly double _moveSeconds;
    private readonly Site[] _sites;
    private readonly Job[] _state;
    private readonly EventQueue _queue = new();

    // Everybody who waits, by submission; entries of jobs that wait no more are dropped when they come up.
    private readonly PriorityQueue<int, (double, int)> _waiting = new();
    private double _now;

    /// <param name="jobs">One-CPU jobs in order of submission; Partition-1 is the home site.</param>
    /// <param name="slots">Slots of each site.</param>
    /// <param name="federated">Whether the sites help each other.</param>
    /// <param name="moveSeconds">What a start or a move between sites costs the job.</param>
    public GridSimulation(IReadOnlyList<BatchJob> jobs, IReadOnlyList<int> slots, bool federated, double moveSeconds)
    {
        ArgumentNullException.ThrowIfNull(jobs);
        ArgumentNullException.ThrowIfNull(slots);
        _jobs = jobs;
        _federated = federated;
        _moveSeconds = moveSeconds;
        _sites = [.. slots.Select(count => new Site { Free = count })];
        _state = new Job[jobs.Count];
    }

    /// <summary>Jobs that were sent away from a slot because its owner needed it.</summary>
    public int Evictions { get; private set; }

    /// <summary>Starts at a site that is not the home.</summary>
    public int GuestStarts { get; private set; }

    /// <summary>Runs all jobs to their end.</summary>
    public GridJobResult[] Run()
    {
        for (var i = 0; i < _jobs.Count; i++)
        {
            _state[i] = new Job { Left = _jobs[i].Run, Host = -1 };
            _queue.Schedule(_jobs[i].Submit, Submit, i);
        }

        var results = new GridJobResult[_jobs.Count];
        while (_queue.TryDequeue(out var next))
        {
            _now = next.Time;
            if (next.Kind == Submit)
            {
                Seek(next.Subject);
                continue;
            }

            var job = _jobs[next.Subject];
            results[next.Subject] = new GridJobResult(HomeOf(next.Subject), _now - job.Submit - job.Run, job.Run);
            Leave(next.Subject);
        }

        return results;
    }

    private int HomeOf(int job) => _jobs[job].Partition - 1;

    /// <summary>A slot for a job that has none: at home, at home in a guest's place, elsewhere, or the queue.</summary>
    private void Seek(int job)
    {
        var home = HomeOf(job);
        var site = _sites[home];
        if (site.Free > 0)
        {
            Start(job, home);
        }
        else if (site.Guests.Count > 0)
        {
            // The guest that came last has done least here.
            var guest = site.Guests[^1];
            Suspend(guest);
            Evictions++;
            Start(job, home);
            Seek(guest);
        }
        else if (_federated && MostFree() is { } host)
        {
            Start(job, host);
        }
        else
        {
            _state[job].Waits = true;
            site.Queue.Enqueue(job, (_jobs[job].Submit, job));
            _waiting.Enqueue(job, (_jobs[job].Submit, job));
        }
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
        if (host != HomeOf(job) || state.WasAway)
            state.Left += _moveSeconds;

        state.WasAway = host != HomeOf(job);
        state.Host = host;
        state.Began = _now;
        state.Event = _queue.Schedule(_now + state.Left, Finish, job);
        _sites[host].Free--;
        if (host != HomeOf(job))
        {
            GuestStarts++;
            _sites[host].Guests.Add(job);
        }
    }

    private void Suspend(int job)
    {
        ref var state = ref _state[job];
        _queue.Cancel(state.Event);
        state.Left -= _now - state.Began;
        Vacate(job);
    }

    private void Leave(int job)
    {
        var host = _state[job].Host;
        Vacate(job);
        Fill(host);
    }

    private void Vacate(int job)
    {
        var host = _state[job].Host;
        _sites[host].Free++;
        if (host != HomeOf(job))
            _sites[host].Guests.Remove(job);

        _state[job].Host = -1;
    }

    /// <summary>Gives a freed slot to the site's own first job, else to whoever waits longest anywhere.</summary>
    private void Fill(int host)
    {
        if (TryFirst(_sites[host].Queue, out var own))
            Start(own, host);
        else if (_federated && TryFirst(_waiting, out var other))
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
        public double Began;
        public int Host;
        public int Event;
        public bool Waits;
        public bool WasAway;
    }

    private sealed class Site
    {
        public int Free { get; set; }

        public List<int> Guests { get; } = [];

        public PriorityQueue<int, (double, int)> Queue { get; } = new();
    }
}
