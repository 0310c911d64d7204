using Grpc.Core;
using Isobar.Node.Membership;
using Isobar.Node.Policies;
using Isobar.Protocol;
using Isobar.Protocol.Balance;

namespace Isobar.Node.Decisions;

/// <summary>Asks the manager of a central profile where a job shall run.</summary>
internal sealed class Managers(ClusterRuntime runtime, LivePolicies policies)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(2);

    /// <summary>What it says; null when this node decides itself: it is the manager, or the profile has none, or he does not answer or does not know this node yet.</summary>
    public async Task<PlaceReply?> AskAsync(PlaceRequest request, CancellationToken cancellation)
    {
        if (policies.ManagerElsewhere is not { } manager)
            return null;
        try
        {
            var peer = new PeerBalance.PeerBalanceClient(runtime.Require().Peers.To(manager));
            var reply = await peer.PlaceAsync(request, deadline: DateTime.UtcNow + Deadline, cancellationToken: cancellation);
            return reply.Target.Length == 0 ? null : reply;
        }
        catch (Exception e) when (e is RpcException or IsobarException)
        {
            // A manager that is away must not keep jobs from starting.
            return null;
        }
    }

    /// <summary>Where a job that must leave this node shall go, other than to its home; null when there is nothing better.</summary>
    public async Task<(string Target, string Words)?> PlaceElsewhereAsync(Wish wish, CancellationToken cancellation)
    {
        if (await AskAsync(policies.RequestOf(wish), cancellation) is { } reply)
            return reply.Target == runtime.NodeName ? null : (reply.Target, reply.Reason);
        return policies.ManagerElsewhere is null ? policies.PlaceElsewhere(wish.Job) : null;
    }
}
