using System.CommandLine;
using System.Text.Json;
using Google.Protobuf;
using Isobar.Cli.Terminal;
using Isobar.Protocol.Jobs;
using Isobar.Protocol.Jobs.Wire;

namespace Isobar.Cli.Jobs;

/// <summary>isobar run [--on NODE] [--home] [--stay] [--nodes EXPR] [--min-memory SIZE] [--priority P] [--name N] [--detach] CMD ARGS...</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        var on = new Option<string?>("--on") { HelpName = "NODE", Description = "Start it on this node and leave it there; best: on the one that gives it most, and Isobar may move it later (default: as the profile says, and the same)" };
        var home = new Option<bool>("--home") { Description = "Start it here, and leave it here" };
        var stay = new Option<bool>("--stay") { Description = "It stays: only isobar migrate, isobar node bring, drain, expel and a shutdown move it" };
        var maxMoves = new Option<int?>("--max-moves") { HelpName = "N", Description = "After N moves, those by hand counted, it stays as with --stay" };
        var nodes = new Option<string?>("--nodes") { HelpName = "EXPR", Description = "It may use these nodes only, at its start and later: names and globs with commas between them, ! before what is not wanted (beta,rack1-*,!rack1-7)" };
        var memory = new Option<string?>("--min-memory") { HelpName = "SIZE", Description = "It goes only where so much memory is free, for example 8G" };
        var priority = new Option<string?>("--priority") { HelpName = "P", Description = "low, normal, high, or a number from 1 (most important) to 255: where a machine is full, less important guests go first" };
        var name = new Option<string?>("--name") { HelpName = "NAME", Description = "A name for the job" };
        var detach = new Option<bool>("--detach", "-d") { Description = "Print the job's id and return; isobar logs shows its output" };
        var program = new Argument<string[]>("command") { Description = "The program and its arguments", Arity = ArgumentArity.OneOrMore };
        var command = new Command("run", "Run a program where it does best, as if the shell had started it here. Standing wishes: ISOBAR_NODES, ISOBAR_STAY, ISOBAR_MIN_MEMORY, ISOBAR_MAX_MOVES, ISOBAR_PRIORITY; lines like nodes = beta in ~/.config/isobar/PROGRAM.isobar, or in PROGRAM.isobar beside the program.\n\nExample: isobar run xz -9 big.tar") { on, home, stay, maxMoves, nodes, memory, priority, name, detach, program };
        command.SetAction(async (parsed, cancellation) =>
        {
            if (parsed.GetValue(home) && parsed.GetValue(on) is not null)
                throw new CommandException("--home and --on contradict each other: give one of them.");
            if (parsed.GetValue(maxMoves) < 0)
                throw new CommandException("--max-moves cannot be negative: 0 means that it never moves by itself.");
            var hasNode = parsed.GetValue(home) || parsed.GetValue(on) is not (null or "best");
            var options = new Dictionary<string, string?>
            {
                ["stay"] = parsed.GetValue(stay) ? "yes" : null,
                ["nodes"] = parsed.GetValue(nodes),
                ["min-memory"] = parsed.GetValue(memory),
                ["max-moves"] = parsed.GetValue(maxMoves)?.ToString(System.Globalization.CultureInfo.InvariantCulture),
                ["priority"] = parsed.GetValue(priority),
            };
            var wishes = JobWishes.Collect(options, Environment.GetEnvironmentVariable, parsed.GetValue(program)![0], hasNode);
            var spec = wishes.In(CallerContext.Read(parsed.GetValue(program)!.Length, parsed.GetValue(name), parsed.GetValue(detach)));
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
            i += arguments[i] is "--on" or "--name" or "--socket" or "--max-moves" or "--nodes" or "--min-memory" or "--priority" ? 2 : 1;
        }

        return i >= arguments.Length ? arguments : [.. arguments[..i], "--", .. arguments[i..]];
    }

    private static string? SocketValue(string[] arguments, int before)
    {
        var option = Array.IndexOf(arguments, "--socket");
        return option >= 0 && option + 1 < before ? arguments[option + 1] : null;
    }
}
