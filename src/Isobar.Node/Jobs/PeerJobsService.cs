using System.Text.Json;
using Google.Protobuf;
using Grpc.Core;
using Isobar.Node.Decisions;
using Isobar.Node.Listening;
using Isobar.Protocol.Jobs;
using Isobar.Protocol.Jobs.Wire;

namespace Isobar.Node.Jobs;

/// <summary>What other daemons ask: to host a job, and what their users want of jobs whose home is here.</summary>
internal sealed class PeerJobsService(JobDesk desk, GuestJobs guests, NodeGate gate) : PeerJobs.PeerJobsBase
{
    public override Task<StartGuestReply> StartGuest(StartGuestRequest request, ServerCallContext context)
    {
        var place = JsonSerializer.Deserialize(request.Place.Span, JobJson.Default.JobPlace) ?? throw new JobException("the request names no job.");
        var caller = PeerNode.Of(context.GetHttpContext());
        if (!JobId.TryParse(place.Id, out var id) || id.Value.Home != caller?.Name)
            throw new JobException($"{caller?.Name ?? "somebody"} is not the home of job {place.Id}.");
        // Whoever asks has old news, or an administrator of another machine.
        if (gate.Refusal(id.Value.Home, request.Uid) is { } refusal)
            throw new JobException(refusal);
        guests.Start(place, request.Incarnation);
        return Task.FromResult(new StartGuestReply());
    }

    public override Task<HasGuestReply> HasGuest(HasGuestRequest request, ServerCallContext context)
    {
        if (!JobId.TryParse(request.Job, out var id) || id.Value.Home != PeerNode.Of(context.GetHttpContext())?.Name)
            throw new JobException($"only the home of job {request.Job} may ask for it.");
        return Task.FromResult(new HasGuestReply { Has = guests.Has(request.Job) });
    }

    public override Task<ListReply> List(ListRequest request, ServerCallContext context) => Task.FromResult(WireJobs.List(desk, request));

    public override async Task Command(CommandRequest request, IServerStreamWriter<EventReply> responses, ServerCallContext context) =>
        await WireJobs.CommandAsync(desk, request, request.Uid, responses, context.CancellationToken);

    public override Task<MovesReply> Moves(MovesRequest request, ServerCallContext context) => Task.FromResult(WireJobs.Reply(desk.Moves(request.Job, request.Uid)));

    public override async Task Logs(LogsRequest request, IServerStreamWriter<LogsReply> responses, ServerCallContext context)
    {
        await foreach (var text in desk.LogsAsync(request.Job, request.Uid, request.Follow, context.CancellationToken))
            await responses.WriteAsync(new LogsReply { Text = ByteString.CopyFrom(text.Span) }, context.CancellationToken);
    }
}
