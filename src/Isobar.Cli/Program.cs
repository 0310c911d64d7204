using System.CommandLine;
using Isobar.Cli;
using Isobar.Cli.Jobs;
using Isobar.Cli.Terminal;
using Isobar.Protocol;

var root = new RootCommand("Isobar makes several Linux machines look like one: run a program on the best of them and move it while it runs.\n\nExample: isobar nodes")
{
    GlobalOptions.Socket,
};
foreach (var verb in Verbs.For(args))
    root.Add(verb);

try
{
    var parsed = root.Parse(RunCommand.MarkProgram(args));
    if (CommandLineErrors.Sentence(parsed) is { } wrong)
        throw new CommandException(wrong);
    parsed.InvocationConfiguration.EnableDefaultExceptionHandler = false;
    var code = await parsed.InvokeAsync();
    // A wrong command line is Isobar's failure, not a job's exit code 1.
    return code != 0 && parsed.Errors.Count > 0 ? ExitCodes.Failure : code;
}
catch (OperationCanceledException)
{
    return ExitCodes.Interrupted;
}
catch (Exception e) when (e is IsobarException or IOException or System.Net.Sockets.SocketException)
{
    await Console.Error.WriteLineAsync($"isobar: {e.Message}");
    return ExitCodes.Failure;
}
