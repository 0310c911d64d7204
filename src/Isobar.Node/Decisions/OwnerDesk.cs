using Isobar.Node.Membership;
using Isobar.Node.Owners;
using Isobar.Node.Policies;
using Isobar.Protocol.Balance;

namespace Isobar.Node.Decisions;

/// <summary>Tells whether the owner of a machine is there, and by what sign: for this one, or another by asking it.</summary>
internal sealed class OwnerDesk(OwnerWatch watch, LivePolicies policies, ClusterRuntime runtime)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5);

    public async Task<OwnerReply> AskAsync(OwnerRequest request, CancellationToken cancellation) => request.Node == runtime.NodeName
        ? Here()
        : await new PeerBalance.PeerBalanceClient(runtime.Require().Peers.To(request.Node)).OwnerAsync(request, deadline: DateTime.UtcNow + Deadline, cancellationToken: cancellation);

    public OwnerReply Here() => new()
    {
        Rules = watch.Rules.IsEmpty ? "" : watch.Rules.ToString(),
        Present = watch.IsPresent,
        IdleSeconds = Told(watch.IdleSeconds),
        Why = watch.Why,
        InputIdleSeconds = Told(watch.InputIdleSeconds),
        Load = policies.Load.OwnerCpus,
        Trouble = watch.Trouble ?? "",
        Guests = policies.Guests,
        Suspended = policies.SuspendedGuests(),
    };

    private static double Told(double seconds) => double.IsFinite(seconds) ? seconds : -1;
}
