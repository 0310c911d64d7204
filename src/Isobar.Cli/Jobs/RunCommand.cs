using System.CommandLine;
using System.Text.Json;
using Google.Protobuf;
using Isobar.Cli.Terminal;
using Isobar.Protocol.Jobs;
using Isobar.Protocol.Jobs.Wire;

namespace Isobar.Cli.Jobs;

/// <summary>isobar run [--on NODE] [--home] [--stay] [--name N] [--detach] CMD ARGS...</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        var on = new Option<string?>("--on") { HelpName = "NODE", Description = "Start it on this node, or on the best one, and leave it there (default: as the profile says, and Isobar moves it when another is better)" };
        var home = new Option<bool>("--home") { Description = "Start it here, and leave it here" };
        var stay = new Option<bool>("--stay") { Description = "It never moves by itself; isobar migrate still moves it" };
        var maxMoves = new Option<int?>("--max-moves") { HelpName = "N", Description = "It moves by itself N times at most" };
        var name = new Option<string?>("--name") { HelpName = "NAME", Description = "A name for the job" };
        var detach = new Option<bool>("--detach", "-d") { Description = "Print the job's id and return; isobar logs shows its output" };
        var program = new Argument<string[]>("command") { Description = "The program and its arguments", Arity = ArgumentArity.OneOrMore };
        var command = new Command("run", "Run a program where it does best, as if the shell had started it here.\n\nExample: isobar run xz -9 big.tar") { on, home, stay, maxMoves, name, detach, program };
        command.SetAction(async (parsed, cancellation) =>
        {
            if (parsed.GetValue(home) && parsed.GetValue(on) is not null)
                throw new CommandException("--home and --on contradict each other: give one of them.");
            if (parsed.GetValue(maxMoves) < 0)
                throw new CommandException("--max-moves cannot be negative: 0 means that it never moves by itself.");
            var spec = CallerContext.Read(parsed.GetValue(program)!.Length, parsed.GetValue(name), parsed.GetValue(detach), parsed.GetValue(stay)) with { MaxMoves = parsed.GetValue(maxMoves) };
            var request = new RunRequest
            {
                Spec = ByteString.CopyFrom(JsonSerializer.SerializeToUtf8Bytes(spec, JobJson.Default.JobSpec)),
                On = parsed.GetValue(home) ? "home" : parsed.GetValue(on) ?? "",
            };
            var started = await Daemon.CallAsync(parsed.SocketPath(), channel => new LocalJobs.LocalJobsClient(channel).RunAsync(request, cancellationToken: cancellation));
            if (spec.Detached)
            {
                Console.WriteLine(started.Id);
                return ExitCodes.Success;
            }

            using var session = new JobSession(spec, started.Socket);
            var end = await session.RunAsync(CancellationToken.None);
            if (end.Reason is { } reason)
                await Console.Error.WriteLineAsync($"isobar: {reason}");
            return end.ExitCode;
        });
        return command;
    }

    /// <summary>
    /// Everything from the program's name on is the program's, also what looks like an option: a <c>--</c> is put before it, as the parser wants it.
    /// </summary>
    public static string[] MarkProgram(string[] arguments)
    {
        var run = Array.IndexOf(arguments, "run");
        if (run < 0 || arguments.Take(run).Any(argument => !argument.StartsWith('-') && argument != SocketValue(arguments, run)))
            return arguments;
        var i = run + 1;
        while (i < arguments.Length && arguments[i].StartsWith('-'))
        {
            if (arguments[i] == "--")
                return arguments;
            i += arguments[i] is "--on" or "--name" or "--socket" or "--max-moves" ? 2 : 1;
        }

        return i >= arguments.Length ? arguments : [.. arguments[..i], "--", .. arguments[i..]];
    }

    private static string? SocketValue(string[] arguments, int before)
    {
        var option = Array.IndexOf(arguments, "--socket");
        return option >= 0 && option + 1 < before ? arguments[option + 1] : null;
    }
}
