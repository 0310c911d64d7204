using System.CommandLine;
using Isobar.Cli.Terminal;
using Isobar.Protocol.Jobs;

namespace Isobar.Cli.Jobs;

/// <summary>isobar wait JOB</summary>
internal static class WaitCommand
{
    public static Command Create()
    {
        var job = JobCalls.Job();
        var command = new Command("wait", "Wait for a job's end and exit with its code.\n\nExample: isobar wait alpha-3") { job };
        command.SetAction(async (parsed, cancellation) =>
        {
            var done = await JobCalls.CommandAsync(parsed.SocketPath(), parsed.GetValue(job)!, new AwaitCommand(), null, cancellation);
            if (done.End?.Reason is { } reason)
                await Console.Error.WriteLineAsync($"isobar: {reason}");
            return done.End?.ExitCode ?? ExitCodes.Failure;
        });
        return command;
    }
}
