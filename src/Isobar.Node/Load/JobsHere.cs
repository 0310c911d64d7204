using System.Globalization;
using Isobar.Balancing;
using Isobar.Linux.Load;
using Isobar.Linux.Processes;
using Isobar.Node.Jobs;

namespace Isobar.Node.Load;

/// <summary>One job that runs on this machine, whoever's it is, with what its processes use.</summary>
internal sealed class JobHere(string name, string note, int init, long startTicks, int supervisor, Instant since, bool isHome)
{
    // A job's load follows within seconds; its wish to run is smoothed alike, so that one look between two bursts decides nothing.
    private const double KeptPerSecond = 5.0 / 8;

    private Instant _measured = Instant.Never;
    private long _viewBytes = -1;

    public string Name => name;

    /// <summary>The file in which its host noted its first process.</summary>
    public string Note => note;

    public int Init => init;

    public long StartTicks => startTicks;

    /// <summary>The process that hosts it, whose CPU time is Isobar's.</summary>
    public int Supervisor => supervisor;

    public Instant Since => since;

    /// <summary>Its home is here: its files are this machine's own.</summary>
    public bool IsHome => isHome;

    public JobUse Use { get; private set; }

    /// <summary>CPUs that it gets, smoothed.</summary>
    public double Cpus { get; private set; }

    /// <summary>Threads that want to run, smoothed.</summary>
    public double Wants { get; private set; }

    /// <summary>Bytes per second by which its memory grows since it is here, smoothed; negative when it shrinks.</summary>
    public double GrowthBytesPerSecond { get; private set; }

    /// <summary>Bytes per second that it reads and writes of its home's files, smoothed; 0 at home.</summary>
    public double HomeIoBytesPerSecond { get; private set; }

    /// <param name="now">The present.</param>
    /// <param name="use">What its processes use.</param>
    /// <param name="viewBytes">What its host has carried between the home's files and the kernel so far; negative at home.</param>
    public void Take(Instant now, in JobUse use, long viewBytes)
    {
        var elapsed = now - _measured;
        if (_measured != Instant.Never && elapsed > 0)
        {
            var kept = Math.Pow(KeptPerSecond, elapsed);
            Cpus = (kept * Cpus) + ((1 - kept) * Math.Max(0, (use.CpuSeconds - Use.CpuSeconds) / elapsed));
            Wants = (kept * Wants) + ((1 - kept) * use.ReadyThreads);
            GrowthBytesPerSecond = (kept * GrowthBytesPerSecond) + ((1 - kept) * (use.ResidentBytes - Use.ResidentBytes) / elapsed);
            if (_viewBytes >= 0 && viewBytes >= 0)
                HomeIoBytesPerSecond = (kept * HomeIoBytesPerSecond) + ((1 - kept) * Math.Max(0, viewBytes - _viewBytes) / elapsed);
        }
        else
        {
            Wants = use.ReadyThreads;
        }

        _measured = now;
        _viewBytes = viewBytes;
        Use = use;
    }
}

/// <summary>
/// The jobs that run on this machine, found by the notes that job hosts leave in the run folder (as after a restart of the daemon), and measured once a second.
/// </summary>
internal sealed class JobsHere(JobFolders folders)
{
    private readonly JobGauge _gauge = new();
    private readonly List<JobHere> _jobs = [];
    private readonly HashSet<string> _notes = [];

    /// <summary>Changed by <see cref="Refresh"/> alone.</summary>
    public IReadOnlyList<JobHere> Jobs => _jobs;

    /// <summary>Guests that are here or just coming or going: their supervisors' folders, which are there before the first look finds a process.</summary>
    public int GuestFolders() => GuestJobs.Count(folders);

    /// <summary>
    /// Bytes per second by which the jobs' memory grows. By jobs and not by the machine's free memory: what falls when a job arrives with all of its memory is no growth that goes on.
    /// </summary>
    public double GrowthBytesPerSecond
    {
        get
        {
            var sum = 0.0;
            foreach (var job in _jobs)
                sum += job.GrowthBytesPerSecond;
            return sum;
        }
    }

    /// <summary>
    /// Adds what Isobar's processes and the jobs have used so far. A job's time goes to its supervisor when it ends, the supervisor's to the daemon; what the daemon started before it was restarted is found only
    /// beside a job that is here.
    /// </summary>
    public void CpuUsers(List<ProcessCpu> users)
    {
        foreach (var job in _jobs)
            users.Add(new ProcessCpu(job.Init, (double)job.StartTicks / ProcStat.TicksPerSecond, job.Use.CpuSeconds));
        var jobs = users.Count;
        _gauge.CpuOfChildren(Environment.ProcessId, users);
        foreach (var job in _jobs)
        {
            if (!Contains(users, jobs, job.Supervisor) && _gauge.CpuOf(job.Supervisor) is { } cpu)
                users.Add(cpu);
        }

        if (_gauge.CpuOf(Environment.ProcessId) is { } own)
            users.Add(own);
    }

    private static bool Contains(List<ProcessCpu> users, int from, int pid)
    {
        for (var i = from; i < users.Count; i++)
        {
            if (users[i].Pid == pid)
                return true;
        }

        return false;
    }

    /// <summary>Looks who is here and measures all; what came and what went since the look before.</summary>
    public (int Came, int Went) Refresh(Instant now)
    {
        var came = Find(folders.HomeRuns, now, isHome: true) + Find(folders.GuestRuns, now, isHome: false);
        var went = 0;
        for (var i = _jobs.Count - 1; i >= 0; i--)
        {
            var job = _jobs[i];
            if (_gauge.Measure(job.Init, job.StartTicks) is { } use)
            {
                job.Take(now, in use, ViewBytesOf(job));
                continue;
            }

            _jobs.RemoveAt(i);
            _notes.Remove(job.Note);
            went++;
        }

        return (came, went);
    }

    // The guest's supervisor serves the home's files through /dev/fuse with read and write, and speaks to the home by sockets: what it reads and writes is what the job's files cost.
    private long ViewBytesOf(JobHere job) => job.IsHome ? -1 : _gauge.FileBytesOf(job.Supervisor);

    private int Find(string runs, Instant now, bool isHome)
    {
        if (!Directory.Exists(runs))
            return 0;
        var came = 0;
        foreach (var run in Directory.EnumerateDirectories(runs))
        {
            var folder = Path.GetFileName(run);
            // A guest's folder is called job.incarnation.
            var name = isHome ? folder : folder[..Math.Max(0, folder.LastIndexOf('.'))];
            came += FindIn(run, name, now, isHome);
        }

        return came;
    }

    private int FindIn(string run, string name, Instant now, bool isHome)
    {
        var came = 0;
        try
        {
            foreach (var host in Directory.EnumerateDirectories(run, "host.*"))
            {
                var note = Path.Combine(host, Orphans.NotePattern);
                if (_notes.Contains(note) || !File.Exists(note) || !TryRead(note, out var init, out var started) || _gauge.Measure(init, started) is not { } use)
                    continue;
                var job = new JobHere(name, note, init, started, _gauge.ParentOf(init), now, isHome);
                job.Take(now, in use, ViewBytesOf(job));
                _notes.Add(note);
                _jobs.Add(job);
                came++;
            }
        }
        catch (DirectoryNotFoundException)
        {
            // The job has just ended.
        }

        return came;
    }

    private static bool TryRead(string note, out int init, out long started)
    {
        (init, started) = (0, 0);
        try
        {
            var parts = File.ReadAllText(note).Split(' ');
            return parts.Length == 2
                && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out init)
                && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out started);
        }
        catch (IOException)
        {
            return false;
        }
    }
}
