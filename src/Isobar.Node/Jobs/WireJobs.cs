using System.Text.Json;
using Google.Protobuf;
using Grpc.Core;
using Isobar.Protocol.Jobs;
using Isobar.Protocol.Jobs.Wire;

namespace Isobar.Node.Jobs;

/// <summary>Between the wire's messages and ours.</summary>
internal static class WireJobs
{
    private static ListReply Reply(IEnumerable<JobStatus> jobs)
    {
        var reply = new ListReply();
        reply.Jobs.AddRange(jobs.Select(job => ByteString.CopyFrom(JsonSerializer.SerializeToUtf8Bytes(job, JobJson.Default.JobStatus))));
        return reply;
    }

    /// <summary>The jobs that a caller may see.</summary>
    public static ListReply List(JobDesk desk, ListRequest request) =>
        Reply(desk.List(request.All).Where(job => !request.HasUid || job.Uid == request.Uid));

    public static MovesReply Reply(IEnumerable<MoveRecord> moves)
    {
        var reply = new MovesReply();
        reply.Moves.AddRange(moves.Select(move => ByteString.CopyFrom(JsonSerializer.SerializeToUtf8Bytes(move, JobJson.Default.MoveRecord))));
        return reply;
    }

    public static async Task CommandAsync(
        JobDesk desk, CommandRequest request, uint uid, IServerStreamWriter<EventReply> responses, CancellationToken cancellationToken)
    {
        var command = JsonSerializer.Deserialize(request.Command.Span, JobJson.Default.SupervisorCommand) ?? throw new JobException("the request has no command.");
        await foreach (var happening in desk.CommandAsync(request.Job, command, uid, cancellationToken))
        {
            var json = JsonSerializer.SerializeToUtf8Bytes(happening, JobJson.Default.SupervisorEvent);
            await responses.WriteAsync(new EventReply { Happening = ByteString.CopyFrom(json) }, cancellationToken);
        }
    }
}
