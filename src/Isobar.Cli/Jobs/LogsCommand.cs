using System.CommandLine;
using Grpc.Core;
using Isobar.Cli.Terminal;
using Isobar.Protocol.Jobs.Wire;

namespace Isobar.Cli.Jobs;

/// <summary>isobar logs [-f] JOB</summary>
internal static class LogsCommand
{
    public static Command Create()
    {
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on until the job has ended" };
        var job = JobCalls.Job();
        var command = new Command("logs", "Show the output of a detached job.\n\nExample: isobar logs -f alpha-3") { follow, job };
        command.SetAction(async (parsed, cancellation) =>
        {
            var socket = parsed.SocketPath();
            using var daemon = Daemon.Connect(socket);
            try
            {
                var request = new LogsRequest { Job = parsed.GetValue(job)!, Follow = parsed.GetValue(follow) };
                using var call = new LocalJobs.LocalJobsClient(daemon.Channel).Logs(request, cancellationToken: cancellation);
                await using var output = Console.OpenStandardOutput();
                await foreach (var reply in call.ResponseStream.ReadAllAsync(cancellation))
                {
                    await output.WriteAsync(reply.Text.Memory, cancellation);
                    await output.FlushAsync(cancellation);
                }
            }
            catch (RpcException e)
            {
                throw Daemon.Translate(e, socket);
            }

            return ExitCodes.Success;
        });
        return command;
    }
}
