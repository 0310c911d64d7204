using System.Text.Json;
using Google.Protobuf;
using Grpc.Core;
using Isobar.Node.Jobs;
using Isobar.Node.Membership;
using Isobar.Node.Policies;
using Isobar.Protocol.Balance;
using Isobar.Protocol.Jobs;
using Isobar.Protocol.Jobs.Wire;

namespace Isobar.Node.Decisions;

/// <summary>A home's part in balancing: moves its jobs when the node where they run asks for it, by the way that <c>isobar migrate</c> takes.</summary>
internal sealed class HomeMoves(HomeJobs jobs, JobDesk desk, ClusterRuntime runtime, LivePolicies policies)
{
    // What holds a job still, or lets it go on, takes moments; pages go at the speed of the link.
    private static readonly TimeSpan HoldsWithin = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan PagesOutWithin = TimeSpan.FromMinutes(10);

    /// <summary>Moves a job of this home.</summary>
    /// <param name="asker">The node that asks: the one where the job runs.</param>
    /// <param name="request">What it wants.</param>
    /// <param name="cancellation">When the asker gives up; a move that has begun goes on.</param>
    public async Task<MoveJobReply> MoveAsync(string asker, MoveJobRequest request, CancellationToken cancellation)
    {
        if (Refusal(asker, request) is { } refusal)
            return new MoveJobReply { Failure = refusal };
        double? gain = request.PredictedGainSeconds != 0 ? request.PredictedGainSeconds : null;
        double? othersGain = request.PredictedOthersGainSeconds != 0 ? request.PredictedOthersGainSeconds : null;
        var reply = new MoveJobReply();
        try
        {
            await foreach (var happening in desk.CommandAsync(request.Job, new MoveCommand(request.Target, "", request.Why, gain, othersGain), 0, cancellation, isBalancer: true))
            {
                switch (happening)
                {
                    case MoveEnded ended:
                        policies.Costs.Learn(ended.Move);
                        reply.Record = ByteString.CopyFrom(JsonSerializer.SerializeToUtf8Bytes(ended.Move, JobJson.Default.MoveRecord));
                        break;
                    case CommandDone { Failure: { } failure }:
                        reply.Failure = failure;
                        break;
                    default:
                        break;
                }
            }
        }
        catch (JobException e)
        {
            reply.Failure = e.Message;
        }

        return reply;
    }

    /// <summary>Brings a job of this home back, because an administrator wants it.</summary>
    public Task<MoveJobReply> BringHomeAsync(string job, CancellationToken cancellation) =>
        MoveAsync(jobs.Live(job)?.Node ?? "", new MoveJobRequest { Job = job, Target = runtime.NodeName, Why = "bring: an administrator brings all jobs home", Forced = true }, cancellation);

    /// <summary>Lets a job that runs here stand still, or go on; null when it was done.</summary>
    /// <param name="job">The job.</param>
    /// <param name="hold">How and why it stands still; null lets it go on.</param>
    /// <param name="cancellation">When the daemon ends.</param>
    public async Task<string?> HoldAsync(string job, Hold? hold, CancellationToken cancellation) =>
        (await AnswerWithinAsync(HoldsWithin, JobId.Parse(job).Home, token => CommandAsync(job, new HoldCommand(runtime.NodeName, hold), token), cancellation)).Failure;

    /// <summary>Pushes pages of a job that runs here to another node's memory.</summary>
    /// <param name="job">The job.</param>
    /// <param name="server">Whose memory.</param>
    /// <param name="bytes">How much.</param>
    /// <param name="cancellation">When the daemon ends.</param>
    public async Task<CommandDone> PageOutAsync(string job, string server, long bytes, CancellationToken cancellation) =>
        runtime.Require().Roster.Current.Nodes.TryGetValue(server, out var node)
            ? await AnswerWithinAsync(PagesOutWithin, JobId.Parse(job).Home, token => CommandAsync(job, new PageOutCommand(runtime.NodeName, server, node.Address, bytes), token), cancellation)
            : new CommandDone($"{server} is not in the cluster any more.");

    /// <summary>An answer, or that none came: a daemon or supervisor that is stopped keeps its connections, and would keep the job from every later wish.</summary>
    /// <param name="limit">How long to wait.</param>
    /// <param name="home">Who is asked.</param>
    /// <param name="ask">Asks, until it is cancelled.</param>
    /// <param name="cancellation">When the daemon ends.</param>
    internal static async Task<CommandDone> AnswerWithinAsync(TimeSpan limit, string home, Func<CancellationToken, Task<CommandDone>> ask, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(limit);
        try
        {
            return await ask(patience.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or RpcException { StatusCode: StatusCode.Cancelled } && patience.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            return new CommandDone(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{home} did not answer within {limit.TotalSeconds:0} s."));
        }
    }

    // By way of the job's home, whose deputy commands its host.
    private async Task<CommandDone> CommandAsync(string job, SupervisorCommand command, CancellationToken cancellation)
    {
        var answer = new CommandDone();
        var home = JobId.Parse(job).Home;
        if (home == runtime.NodeName)
        {
            await foreach (var happening in desk.CommandAsync(job, command, 0, cancellation, isBalancer: true))
            {
                if (happening is CommandDone done)
                    answer = done;
            }

            return answer;
        }

        var request = new CommandRequest { Job = job, Command = ByteString.CopyFrom(JsonSerializer.SerializeToUtf8Bytes(command, JobJson.Default.SupervisorCommand)) };
        using var call = new PeerJobs.PeerJobsClient(runtime.Require().Peers.To(home)).Command(request, cancellationToken: cancellation);
        await foreach (var reply in call.ResponseStream.ReadAllAsync(cancellation))
        {
            if (JsonSerializer.Deserialize(reply.Happening.Span, JobJson.Default.SupervisorEvent) is CommandDone done)
                answer = done;
        }

        return answer;
    }

    private string? Refusal(string asker, MoveJobRequest request)
    {
        if (jobs.Live(request.Job) is not { } status)
            return $"there is no job {request.Job} here.";
        if (status.Node != asker)
            return $"job {request.Job} runs on {status.Node} and not on {asker}.";
        if (request.Forced)
            return null;
        if (status.Stay)
            return $"job {request.Job} was started with --stay.";
        return status.Chosen ? $"the user chose {status.Node} for job {request.Job}." : null;
    }
}
