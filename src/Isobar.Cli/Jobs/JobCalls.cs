using System.CommandLine;
using System.Text.Json;
using Google.Protobuf;
using Grpc.Core;
using Isobar.Cli.Terminal;
using Isobar.Protocol.Jobs;
using Isobar.Protocol.Jobs.Wire;

namespace Isobar.Cli.Jobs;

/// <summary>Calls to the daemon that more than one verb makes.</summary>
internal static class JobCalls
{
    public static Argument<string> Job() => new("job") { Description = "A job's id (alpha-3) or name" };

    /// <summary>Has one command carried out; what happens meanwhile goes to <paramref name="watch"/>.</summary>
    /// <exception cref="CommandException">It failed.</exception>
    public static async Task<CommandDone> CommandAsync(string socket, string job, SupervisorCommand command, Action<SupervisorEvent>? watch, CancellationToken cancellation)
    {
        using var daemon = Daemon.Connect(socket);
        try
        {
            var request = new CommandRequest
            {
                Job = job,
                Command = ByteString.CopyFrom(JsonSerializer.SerializeToUtf8Bytes(command, JobJson.Default.SupervisorCommand)),
            };
            using var call = new LocalJobs.LocalJobsClient(daemon.Channel).Command(request, cancellationToken: cancellation);
            await foreach (var reply in call.ResponseStream.ReadAllAsync(cancellation))
            {
                switch (JsonSerializer.Deserialize(reply.Happening.Span, JobJson.Default.SupervisorEvent))
                {
                    case CommandDone { Failure: { } failure }:
                        throw new CommandException(failure);
                    case CommandDone done:
                        return done;
                    case { } happening:
                        watch?.Invoke(happening);
                        break;
                    default:
                        break;
                }
            }
        }
        catch (RpcException e)
        {
            throw Daemon.Translate(e, socket);
        }

        throw new CommandException($"the daemon broke off while it was asked about job {job}: see isobar ps -a.");
    }

    public static Task<CommandDone> KillAsync(ParseResult parsed, string job, int signal, SignalScope scope, CancellationToken cancellation) =>
        CommandAsync(parsed.SocketPath(), job, new KillCommand(signal, scope), null, cancellation);
}
