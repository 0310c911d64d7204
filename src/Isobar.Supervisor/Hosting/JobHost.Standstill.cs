namespace Isobar.Supervisor.Hosting;

// When the job stands still: by the lease, and by a rule's wish that the deputy has told (an owner is there). Never while it is moved.
internal sealed partial class JobHost
{
    /// <summary>
    /// Silence of the home after which the job is frozen here. This is the fence: a job that its home cannot see stands still, so that it can never act
    /// twice; the supervisor does this, not the daemon, which may be paused or restarted while its jobs run on.
    /// </summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(15);

    private const int MostPassedOver = 3;

    private readonly Standstill _standstill = new();
    private readonly Lock _standstillGate = new();
    private bool _held;
    private int _passedOver;

    private void Hold(bool still)
    {
        lock (_standstillGate)
            _held = still;
        if (_job is { } job)
            KeepStill(job);
    }

    private void KeepStill(JobProcess job)
    {
        lock (_standstillGate)
        {
            if (_moving)
                return;
            if (!_held && (_here.AtHome || _link.SilentFor <= Lease))
            {
                _standstill.End();
                return;
            }

            // Who was stopped by his user seems not to be while pages are taken, and would be let go afterwards. But it is not waited for long.
            if (_pages?.IsDisturbing == true && _passedOver++ < MostPassedOver)
                return;
            _passedOver = 0;
            _standstill.Keep(job);
        }
    }

    /// <summary>
    /// The home orders a move, so it is there: a job that was dumped frozen would stand still for ever, since only this host knows why. And it takes its own
    /// weight with it, which CRIU would keep, and a light one would make its freeze long while an owner is busy.
    /// </summary>
    private void StartMoving(JobProcess job)
    {
        lock (_standstillGate)
        {
            _moving = true;
            GiveWeightBack(job);
            _standstill.End();
        }
    }
}
