using System.Text.Json;
using Google.Protobuf;
using Grpc.Core;
using Isobar.Node.Membership;
using Isobar.Node.Peers;
using Isobar.Protocol;
using Isobar.Protocol.Jobs;
using Isobar.Protocol.Jobs.Wire;

namespace Isobar.Node.Jobs;

/// <summary>Asking other nodes to host a job of ours.</summary>
public sealed class GuestRequests(ClusterRuntime runtime)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    /// <summary>Whether the node has the job; null when it does not say.</summary>
    public async Task<bool?> HasAsync(string node, string job, CancellationToken cancellationToken)
    {
        try
        {
            var reply = await new PeerJobs.PeerJobsClient(runtime.Require().Peers.To(node))
                .HasGuestAsync(new HasGuestRequest { Job = job }, deadline: DateTime.UtcNow + Deadline, cancellationToken: cancellationToken);
            return reply.Has;
        }
        catch (Exception e) when (e is RpcException or IsobarException)
        {
            return null;
        }
    }

    /// <summary>Null when the node has started a guest supervisor, else why not, in one sentence.</summary>
    public async Task<string?> StartAsync(string node, JobPlace place, int incarnation, uint uid, CancellationToken cancellationToken)
    {
        try
        {
            var request = new StartGuestRequest
            {
                Place = ByteString.CopyFrom(JsonSerializer.SerializeToUtf8Bytes(place, JobJson.Default.JobPlace)),
                Incarnation = incarnation,
                Uid = uid,
            };
            var deadline = DateTime.UtcNow + Deadline;
            for (var attempt = 1; ; attempt++)
            {
                try
                {
                    await new PeerJobs.PeerJobsClient(runtime.Require().Peers.To(node)).StartGuestAsync(request, deadline: deadline, cancellationToken: cancellationToken);
                    return null;
                }
                catch (RpcException e) when (attempt == 1 && PeerFailure.IsBrokenConnection(e))
                {
                    // A connection from before a cut or a restart is found dead only by using it. Asking twice does no harm: an incarnation starts once.
                }
            }
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.DeadlineExceeded || PeerFailure.IsBrokenConnection(e))
        {
            return $"{node} does not answer: isobar nodes shows who does.";
        }
        catch (RpcException e)
        {
            return $"{node} cannot host the job: {e.Status.Detail}";
        }
        catch (IsobarException e)
        {
            return e.Message;
        }
    }
}
