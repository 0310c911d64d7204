using System.Text.Json;
using Google.Protobuf;
using Grpc.Core;
using Isobar.Linux.Processes;
using Isobar.Node.Decisions;
using Isobar.Node.Listening;
using Isobar.Node.Membership;
using Isobar.Protocol;
using Isobar.Protocol.Jobs;
using Isobar.Protocol.Jobs.Wire;

namespace Isobar.Node.Jobs;

/// <summary>
/// What the command asks its daemon about jobs. A job of another home is asked for there; everything done for the user is done with the user id that the
/// kernel gave for the connection.
/// </summary>
internal sealed class LocalJobsService(JobDesk desk, HomeJobs jobs, JobFolders folders, Starts starts, DecisionLog log, ClusterRuntime runtime) : LocalJobs.LocalJobsBase
{
    private static readonly TimeSpan PeerDeadline = TimeSpan.FromSeconds(2);

    public override async Task<RunReply> Run(RunRequest request, ServerCallContext context)
    {
        var caller = Caller(context);
        var spec = JsonSerializer.Deserialize(request.Spec.Span, JobJson.Default.JobSpec) ?? throw new JobException("the request has no program.");
        if (spec.Command.Count == 0)
            throw new JobException("there is no program to run.");
        // The kernel's word counts, not the caller's: user, group and supplementary groups are those of the calling process.
        var status = ProcFs.Status(caller.ProcessId) ?? throw new JobException("the calling process has ended.");
        spec = spec with { Uid = caller.UserId, Gid = caller.GroupId, Groups = status.Groups };
        var (node, why) = await starts.ChooseAsync(request.On, spec, context.CancellationToken);
        var job = jobs.Start(spec, node, isChosen: why.Length == 0);
        if (why.Length > 0)
            log.Add(job.Id, why, $"started on {node}");
        return new RunReply { Id = job.Id, Node = job.Node, Socket = Path.Combine(folders.HomeRunOf(job.Id), JobFolders.SocketName) };
    }

    public override async Task<ListReply> List(ListRequest request, ServerCallContext context)
    {
        var uid = Caller(context).UserId;
        if (uid == 0)
            request.ClearUid();
        else
            request.Uid = uid;
        var reply = WireJobs.List(desk, request);
        if (runtime.Current is not { } cluster)
            return reply;
        var others = cluster.Roster.Current.Nodes.Keys.Where(node => node != cluster.NodeName).Select(node => AskAsync(node, request, context.CancellationToken));
        foreach (var (node, answer) in await Task.WhenAll(others))
        {
            if (answer is null)
                reply.Silent.Add(node);
            else
                reply.Jobs.AddRange(answer.Jobs);
        }

        return reply;
    }

    public override async Task Command(CommandRequest request, IServerStreamWriter<EventReply> responses, ServerCallContext context)
    {
        var uid = Caller(context).UserId;
        if (HomeOf(request.Job) is not { } home)
        {
            await WireJobs.CommandAsync(desk, request, uid, responses, context.CancellationToken);
            return;
        }

        request.Uid = uid;
        using var call = Peer(home).Command(request, cancellationToken: context.CancellationToken);
        await foreach (var happening in Sentences(call.ResponseStream.ReadAllAsync(context.CancellationToken), home))
            await responses.WriteAsync(happening, context.CancellationToken);
    }

    public override async Task<MovesReply> Moves(MovesRequest request, ServerCallContext context)
    {
        request.Uid = Caller(context).UserId;
        if (request.Job.Length == 0)
            return WireJobs.Reply(desk.AllMoves(request.Uid, request.Last));
        return HomeOf(request.Job) is { } home
            ? await Peer(home).MovesAsync(request, deadline: DateTime.UtcNow + PeerDeadline, cancellationToken: context.CancellationToken)
            : WireJobs.Reply(desk.Moves(request.Job, request.Uid));
    }

    public override async Task Logs(LogsRequest request, IServerStreamWriter<LogsReply> responses, ServerCallContext context)
    {
        request.Uid = Caller(context).UserId;
        if (HomeOf(request.Job) is { } home)
        {
            using var call = Peer(home).Logs(request, cancellationToken: context.CancellationToken);
            await foreach (var text in Sentences(call.ResponseStream.ReadAllAsync(context.CancellationToken), home))
                await responses.WriteAsync(text, context.CancellationToken);
            return;
        }

        await foreach (var text in desk.LogsAsync(request.Job, request.Uid, request.Follow, context.CancellationToken))
            await responses.WriteAsync(new LogsReply { Text = ByteString.CopyFrom(text.Span) }, context.CancellationToken);
    }

    /// <summary>Another node, when the job's home is there; null when it is here (or nowhere: then here it is said).</summary>
    private string? HomeOf(string job)
    {
        if (desk.Knows(job) || !JobId.TryParse(job, out var id) || id.Value.Home == runtime.NodeName)
            return null;
        return runtime.Current?.Roster.Current.Nodes.ContainsKey(id.Value.Home) == true ? id.Value.Home : null;
    }

    private PeerJobs.PeerJobsClient Peer(string node) => new(runtime.Require().Peers.To(node));

    private async Task<(string Node, ListReply? Answer)> AskAsync(string node, ListRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return (node, await Peer(node).ListAsync(request, deadline: DateTime.UtcNow + PeerDeadline, cancellationToken: cancellationToken));
        }
        catch (Exception e) when (e is RpcException or IsobarException)
        {
            return (node, null);
        }
    }

    private static async IAsyncEnumerable<T> Sentences<T>(IAsyncEnumerable<T> answers, string home)
    {
        await using var each = answers.GetAsyncEnumerator();
        while (true)
        {
            try
            {
                if (!await each.MoveNextAsync())
                    yield break;
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.Unavailable)
            {
                throw new JobException($"the job's home {home} does not answer: isobar nodes shows who does.");
            }

            yield return each.Current;
        }
    }

    private static PeerCredentials Caller(ServerCallContext context) =>
        context.GetHttpContext().Features.Get<PeerCredentials>() ?? throw new JobException("who is asking could not be told.");
}
