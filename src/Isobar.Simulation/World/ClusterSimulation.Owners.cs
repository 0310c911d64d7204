using Isobar.Balancing.Consideration;

namespace Isobar.Simulation.World;

/// <content>Owners who come, work in bursts and go, and what guests do to them.</content>
public sealed partial class ClusterSimulation
{
    private void ScheduleOwners()
    {
        if (_scenario.Owners is not { } owners)
            return;

        foreach (var node in _nodes)
        {
            node.HasOwner = _ownerLaw.NextDouble() < owners.Share;
            if (!node.HasOwner)
                continue;

            // The stationary state: present with the share of time that he is present.
            node.OwnerPresent = _ownerLaw.NextDouble() >= owners.PresentSeconds / (owners.PresentSeconds + owners.AbsentSeconds);
            node.OwnerLeft = -_ownerLaw.NextExponential(owners.AbsentSeconds);
            _queue.Post(0, OwnerChange, node.Index);
        }
    }

    private void OwnerChanges(SimulatedNode node)
    {
        var owners = _scenario.Owners!;
        node.OwnerPresent = !node.OwnerPresent;
        var stay = _ownerLaw.NextExponential(node.OwnerPresent ? owners.PresentSeconds : owners.AbsentSeconds);
        _queue.Post(_now + stay, OwnerChange, node.Index);
        CountGuestsBesideOwner(node);
        if (!node.OwnerPresent)
            node.OwnerLeft = _now;

        _observer?.NodeChanged(_now, node.Index, node.OwnerPresent ? "owner returns" : "owner leaves");
        if (node.OwnerPresent)
            _queue.Post(_now + _ownerLaw.NextExponential(owners.PauseSeconds), OwnerBurst, node.Index);

        Decide(node, node.OwnerPresent ? Trigger.OwnerReturned : Trigger.OwnerLeft);
    }

    private void OwnerBegins(SimulatedNode node)
    {
        if (!node.OwnerPresent || !node.IsUp || node.OwnerReady > 0)
            return;

        var work = _ownerLaw.NextExponential(_scenario.Owners!.BurstSeconds);
        node.OwnerReady++;
        RunTask(node, new OwnerTask { Began = _now, Work = work }, work);
    }

    private void OwnerEnds(SimulatedNode node, OwnerTask task)
    {
        node.OwnerReady--;
        _recorder.AddOwnerBurst(_now - task.Began, task.Work / node.Cpu.Cores.Fastest);
        if (node.OwnerPresent)
            _queue.Post(_now + _ownerLaw.NextExponential(_scenario.Owners!.PauseSeconds), OwnerBurst, node.Index);
    }

    // An average, as load averages are: the bursts themselves are shorter than any period of a policy.
    private double OwnerLoad(SimulatedNode node) => node.OwnerPresent && _scenario.Owners is { } owners
        ? owners.BurstSeconds / (owners.BurstSeconds + owners.PauseSeconds)
        : 0;

    private void GuestsChange(SimulatedNode node, int by)
    {
        CountGuestsBesideOwner(node, by);
        node.RunningGuests += by;
    }

    // Guest seconds beside a present owner: the disturbance that owner rules exist to avoid.
    private void CountGuestsBesideOwner(SimulatedNode node, int by = 0)
    {
        if (!double.IsNaN(node.GuestsBesideOwnerSince))
            _recorder.GuestSecondsBesideOwner += (_now - node.GuestsBesideOwnerSince) * node.RunningGuests;

        node.GuestsBesideOwnerSince = node.OwnerPresent && node.RunningGuests + by > 0 ? _now : double.NaN;
    }
}
