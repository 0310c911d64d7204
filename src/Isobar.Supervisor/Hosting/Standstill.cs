using Isobar.Linux.Processes;

namespace Isobar.Supervisor.Hosting;

/// <summary>Lets a job stand still by stopping its processes, and lets go on those that it has stopped, not those that their user has.</summary>
internal sealed class Standstill
{
    private const int LooksPerFreeze = 4;
    private List<int>? _stopped;
    private int _looks;

    /// <summary>The job stands still. May be asked from any thread; the rest is for one at a time.</summary>
    public bool IsOn => Volatile.Read(ref _stopped) is not null;

    /// <summary>Stops what runs, and, called from time to time, what has slipped through: forked at the wrong moment, or woken up by its user.</summary>
    public void Keep(JobProcess job)
    {
        if (_looks++ > 1 && _looks % LooksPerFreeze != 0)
            return;
        if (_stopped is not { } stopped)
            Volatile.Write(ref _stopped, stopped = []);
        foreach (var pid in job.All)
        {
            // What the user has stopped himself stays stopped afterwards.
            if (ProcFs.Stat(pid) is not { IsStopped: false, IsZombie: false } || !JobSignal.Send(pid, JobSignal.Stop))
                continue;
            if (!stopped.Contains(pid))
                stopped.Add(pid);
        }
    }

    public void End()
    {
        if (_stopped is not { } stopped)
            return;
        Volatile.Write(ref _stopped, null);
        _looks = 0;
        // Children first: a shell that waits for a stopped child must not see it stopped.
        for (var i = stopped.Count - 1; i >= 0; i--)
            JobSignal.Send(stopped[i], JobSignal.Continue);
    }
}
