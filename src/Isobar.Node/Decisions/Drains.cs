using Isobar.Node.Membership;
using Isobar.Node.Policies;
using Isobar.Protocol.Balance;

namespace Isobar.Node.Decisions;

/// <summary>Empties a node, or opens it again: this one, or another by asking it.</summary>
internal sealed class Drains(DrainState state, LivePolicies policies, ClusterRuntime runtime)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5);

    public DrainReply Set(bool isDrained)
    {
        state.IsDrained = isDrained;
        policies.IsDrained = isDrained;
        return new DrainReply { Jobs = policies.Load.Jobs.Jobs.Count };
    }

    public async Task<DrainReply> AskAsync(DrainRequest request, CancellationToken cancellation) => request.Node == runtime.NodeName
        ? Set(request.Drained)
        : await new PeerBalance.PeerBalanceClient(runtime.Require().Peers.To(request.Node)).DrainAsync(request, deadline: DateTime.UtcNow + Deadline, cancellationToken: cancellation);
}
