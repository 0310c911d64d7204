using Grpc.Core;
using Isobar.Node.Jobs;
using Isobar.Node.Membership;
using Isobar.Protocol;
using Isobar.Protocol.Balance;
using Isobar.Protocol.Jobs;

namespace Isobar.Node.Decisions;

/// <summary>Puts the answer to <c>isobar why</c> together: the home knows the job, the node where it runs knows what was decided.</summary>
internal sealed class WhyDesk(HomeJobs jobs, Explanations explanations, ClusterRuntime runtime)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(2);

    /// <summary>Asks the job's home, wherever that is.</summary>
    public async Task<WhyReply> AskAsync(WhyRequest request, CancellationToken cancellation)
    {
        var isElsewhere = !jobs.Knows(request.Job) && JobId.TryParse(request.Job, out var id) && id.Value.Home != runtime.NodeName
            && runtime.Current?.Roster.Current.Nodes.ContainsKey(id.Value.Home) == true;
        return isElsewhere
            ? await new PeerBalance.PeerBalanceClient(runtime.Require().Peers.To(JobId.Parse(request.Job).Home)).WhyAsync(request, deadline: DateTime.UtcNow + (Deadline * 2), cancellationToken: cancellation)
            : await AtHomeAsync(request, cancellation);
    }

    /// <summary>The whole answer, made at the job's home.</summary>
    public async Task<WhyReply> AtHomeAsync(WhyRequest request, CancellationToken cancellation)
    {
        var job = jobs.Find(request.Job);
        if (request.Uid != 0 && request.Uid != job.Uid)
            throw new JobException($"job {job.Id} is another user's: only he and root may do that.");
        var reply = explanations.AtHome(job);
        if (job.State is JobState.Done or JobState.Lost)
            return reply;
        try
        {
            var there = job.Node == runtime.NodeName
                ? explanations.Here(job.Id)
                : await new PeerBalance.PeerBalanceClient(runtime.Require().Peers.To(job.Node))
                    .WhyHereAsync(new WhyRequest { Job = job.Id }, deadline: DateTime.UtcNow + Deadline, cancellationToken: cancellation);
            if (job.Node != runtime.NodeName)
                reply.Decisions.AddRange(there.Decisions);
            else
                Replace(reply, there);
            reply.WouldMove.AddRange(there.WouldMove);
            reply.Prevents.AddRange(there.Prevents);
        }
        catch (Exception e) when (e is RpcException or IsobarException)
        {
            reply.Prevents.Add($"{job.Node}, where it runs, does not answer: what was decided there is not known.");
        }

        return reply;
    }

    /// <summary>What the node where it runs says.</summary>
    public WhyReply Here(string job) => explanations.Here(job);

    // At home both parts come from one log: the second has all of the first.
    private static void Replace(WhyReply reply, WhyReply there)
    {
        reply.Decisions.Clear();
        reply.Decisions.AddRange(there.Decisions);
    }
}
