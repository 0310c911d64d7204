using Grpc.Core;
using Isobar.Node.Membership;
using Isobar.Node.Peers;
using Isobar.Node.Policies;
using Isobar.Protocol;
using Isobar.Protocol.Balance;

namespace Isobar.Node.Decisions;

/// <summary>Asking a node whether it takes a job, and answering when one asks: what was decided by old news is checked against the present before anything moves.</summary>
internal sealed class Offers(ClusterRuntime runtime, LivePolicies policies, NodeGate gate)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(2);

    /// <summary>Null when the node takes the job, else why not.</summary>
    public async Task<string?> AskAsync(string node, OfferRequest request, CancellationToken cancellation)
    {
        try
        {
            var peer = new PeerBalance.PeerBalanceClient(runtime.Require().Peers.To(node));
            var reply = await peer.OfferAsync(request, deadline: DateTime.UtcNow + Deadline, cancellationToken: cancellation);
            return reply.Accepted ? null : reply.Reason;
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.DeadlineExceeded || PeerFailure.IsBrokenConnection(e))
        {
            return $"{node} does not answer.";
        }
        catch (RpcException e)
        {
            return $"{node} cannot be asked: {e.Status.Detail}";
        }
        catch (IsobarException e)
        {
            return e.Message;
        }
    }

    /// <summary>This node's answer.</summary>
    public OfferReply Judge(string from, OfferRequest request, int movesAtOnce)
    {
        if (policies.Set is not { } set)
            return new OfferReply { Reason = "this node is in no cluster." };
        if (gate.Refusal(request.Home, request.Uid) is { } refusal)
            return new OfferReply { Reason = refusal };
        var (accepted, reason) = policies.Judge(request.Job, OfferForm.Read(request, from, set.Numbers), movesAtOnce);
        return new OfferReply { Accepted = accepted, Reason = reason };
    }
}
