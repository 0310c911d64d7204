using Isobar.Linux.Weights;

namespace Isobar.Supervisor.Hosting;

// A guest weighs less than what its machine's owner runs himself, and a job in the background less than the other jobs there.
internal sealed partial class JobHost
{
    private readonly Lock _weightGate = new();
    private GuestWeight? _weight;
    private GuestWeight? _background;
    private bool _inBackground;

    private void TakeWeight(JobProcess job)
    {
        lock (_weightGate)
        {
            if (!_here.AtHome)
            {
                _weight ??= GuestWeight.OfThisMachine();
                _weight.Lower(() => job.All);
            }

            if (_inBackground)
                LowerToBackground(job);
        }
    }

    private void GiveWeightBack(JobProcess job)
    {
        lock (_weightGate)
        {
            _background?.Restore(() => job.All);
            _background = null;
            _weight?.Restore(() => job.All);
        }
    }

    private void SetBackground(bool background)
    {
        lock (_weightGate)
        {
            if (_inBackground == background)
                return;
            _inBackground = background;
            // A move has given all weights back; should it fail, they are taken again as they are wanted then.
            if (_moving || _job is not { } job)
                return;
            if (background)
            {
                LowerToBackground(job);
            }
            else
            {
                _background?.Restore(() => job.All);
                _background = null;
            }
        }
    }

    // Among the guests in a control group, or among what runs at home, by threads. Where guests are light by threads already there is nothing below that.
    private void LowerToBackground(JobProcess job)
    {
        if (_weight is { IsByThreads: true })
            return;
        _background ??= GuestWeight.ByThreads();
        _background.Lower(() => job.All);
    }
}
