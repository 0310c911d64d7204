using Isobar.Linux.Processes;

namespace Isobar.Supervisor.Hosting;

// The fence: a job that its home cannot see stands still, so that it can never act twice. The supervisor does this, not the daemon, which may be paused
// or restarted while its jobs run on.
internal sealed partial class JobHost
{
    /// <summary>Silence of the home after which the job is frozen here.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(15);

    private readonly Lock _leaseGate = new();
    private List<int>? _frozenByLease;

    private void KeepLease(JobProcess job)
    {
        lock (_leaseGate)
        {
            if (_here.AtHome || _moving)
                return;
            if (_frozenByLease is null && _link.SilentFor > Lease)
                _frozenByLease = Freeze(job);
            else if (_link.SilentFor < Lease)
                Thaw();
        }
    }

    /// <summary>The home orders a move, so it is there: a job that was dumped frozen would stand still for ever, since only this host knows why.</summary>
    private void StartMoving()
    {
        lock (_leaseGate)
        {
            _moving = true;
            Thaw();
        }
    }

    private void Thaw()
    {
        if (_frozenByLease is not { } frozen)
            return;
        _frozenByLease = null;
        // Children first: a shell that waits for a stopped child must not see it stopped.
        for (var i = frozen.Count - 1; i >= 0; i--)
            JobSignal.Send(frozen[i], JobSignal.Continue);
    }

    private static List<int> Freeze(JobProcess job)
    {
        var frozen = new List<int>();
        foreach (var pid in job.All)
        {
            // What the user has stopped himself stays stopped afterwards.
            if (ProcFs.Stat(pid) is { IsStopped: false, IsZombie: false } && JobSignal.Send(pid, JobSignal.Stop))
                frozen.Add(pid);
        }

        return frozen;
    }
}
