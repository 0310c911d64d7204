using System.CommandLine;
using Isobar.Cli.Terminal;
using Isobar.Protocol.Jobs;

namespace Isobar.Cli.Jobs;

/// <summary>isobar kill [-s SIG] JOB, isobar stop JOB, isobar cont JOB</summary>
internal static class SignalCommands
{
    private const int Continue = 18;
    private const int Stop = 19;

    public static Command CreateKill()
    {
        var signal = new Option<string>("--signal", "-s") { HelpName = "SIG", Description = "Which signal (default TERM)", DefaultValueFactory = _ => "TERM" };
        var job = JobCalls.Job();
        var command = new Command("kill", "Send a signal to a job's program, wherever it runs.\n\nExample: isobar kill -s HUP alpha-3") { signal, job };
        command.SetAction(async (parsed, cancellation) =>
        {
            await JobCalls.KillAsync(parsed, parsed.GetValue(job)!, SignalNames.Parse(parsed.GetValue(signal)!), SignalScope.Main, cancellation);
            return ExitCodes.Success;
        });
        return command;
    }

    public static Command CreateStop() => Create("stop", "Stop all processes of a job; isobar cont lets them go on.\n\nExample: isobar stop alpha-3", Stop);

    public static Command CreateContinue() => Create("cont", "Let a stopped job go on.\n\nExample: isobar cont alpha-3", Continue);

    private static Command Create(string name, string description, int signal)
    {
        var job = JobCalls.Job();
        var command = new Command(name, description) { job };
        command.SetAction(async (parsed, cancellation) =>
        {
            await JobCalls.KillAsync(parsed, parsed.GetValue(job)!, signal, SignalScope.All, cancellation);
            return ExitCodes.Success;
        });
        return command;
    }
}
