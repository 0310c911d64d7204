using Isobar.Linux.Weights;

namespace Isobar.Supervisor.Hosting;

// A guest weighs less than what its machine's owner runs himself.
internal sealed partial class JobHost
{
    private readonly Lock _weightGate = new();
    private GuestWeight? _weight;

    private void TakeGuestWeight(JobProcess job)
    {
        if (_here.AtHome)
            return;
        lock (_weightGate)
        {
            _weight ??= GuestWeight.OfThisMachine();
            _weight.Lower(() => job.All);
        }
    }

    private void GiveWeightBack(JobProcess job)
    {
        lock (_weightGate)
            _weight?.Restore(() => job.All);
    }
}
