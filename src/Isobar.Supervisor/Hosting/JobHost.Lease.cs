using Isobar.Linux.Processes;
using Isobar.Linux.Weights;

namespace Isobar.Supervisor.Hosting;

// Standing still. The fence: a job that its home cannot see stands still, so that it can never act twice; the supervisor does this, not the daemon, which may be
// paused or restarted while its jobs run on. And a rule's wish, told by the deputy: an owner is there. And the weight of a guest.
internal sealed partial class JobHost
{
    /// <summary>Silence of the home after which the job is frozen here.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(15);

    private readonly Lock _stillGate = new();
    private GuestWeight? _weight;
    private List<int>? _frozen;
    private bool _held;
    private int _looksStill;

    private bool StandsStill => Volatile.Read(ref _frozen) is not null;

    private void Hold(bool still)
    {
        lock (_stillGate)
            _held = still;
        if (_job is { } job)
            KeepStill(job);
    }

    private void KeepStill(JobProcess job)
    {
        lock (_stillGate)
        {
            if (_moving)
                return;
            if (_held || (!_here.AtHome && _link.SilentFor > Lease))
                Freeze(job);
            else
                Thaw();
        }
    }

    /// <summary>
    /// The home orders a move, so it is there: a job that was dumped frozen would stand still for ever, since only this host knows why. And it takes its own
    /// weight with it, which CRIU would keep, and a light one would make its freeze long while an owner is busy.
    /// </summary>
    private void StartMoving(JobProcess job)
    {
        lock (_stillGate)
        {
            _moving = true;
            _weight?.Restore(() => job.All);
            Thaw();
        }
    }

    private void TakeGuestWeight(JobProcess job)
    {
        if (_here.AtHome)
            return;
        lock (_stillGate)
        {
            _weight ??= GuestWeight.OfThisMachine();
            _weight.Lower(() => job.All);
        }
    }

    private void Thaw()
    {
        if (_frozen is not { } frozen)
            return;
        Volatile.Write(ref _frozen, null);
        _looksStill = 0;
        // Children first: a shell that waits for a stopped child must not see it stopped.
        for (var i = frozen.Count - 1; i >= 0; i--)
            JobSignal.Send(frozen[i], JobSignal.Continue);
    }

    /// <summary>Stops what runs, and now and then what has slipped through: forked at the wrong moment, or woken up by its user.</summary>
    private void Freeze(JobProcess job)
    {
        if (_looksStill++ > 1 && _looksStill % LooksPerFreeze != 0)
            return;
        if (_frozen is not { } frozen)
            Volatile.Write(ref _frozen, frozen = []);
        foreach (var pid in job.All)
        {
            // What the user has stopped himself stays stopped afterwards.
            if (ProcFs.Stat(pid) is not { IsStopped: false, IsZombie: false } || !JobSignal.Send(pid, JobSignal.Stop))
                continue;
            if (!frozen.Contains(pid))
                frozen.Add(pid);
        }
    }
}
