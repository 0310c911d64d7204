using System.CommandLine;

namespace Isobar.Cli.Sandbox.Commands;

/// <summary><c>isobar sandbox</c>: several hosts on one machine, to try Isobar and to test it.</summary>
public static class SandboxCommand
{
    /// <summary>As the shell and docker: the tool itself failed.</summary>
    internal const int Failed = 125;

    internal static Option<string> SandboxOption { get; } = new("--sandbox")
    {
        Description = "Which sandbox, when there are several.",
        DefaultValueFactory = _ => SandboxPlace.DefaultName,
    };

    public static Command Create() => new("sandbox", "Several hosts on this machine, made of namespaces: to try Isobar without a second machine.")
    {
        UpCommand.Create(),
        ExecCommand.Create(),
        ExecCommand.CreateShell(),
        ListCommand.Create(),
        LinkCommand.Create(),
        DownCommand.Create(),
    };

    internal static SandboxPlace PlaceOf(ParseResult parsed) => SandboxPlace.Of(parsed.GetValue(SandboxOption));

    /// <summary>Runs a verb; what it throws becomes one sentence on standard error and exit code 125.</summary>
    internal static async Task<int> GuardAsync(ParseResult parsed, Func<Task<int>> verb)
    {
        try
        {
            return await verb().ConfigureAwait(false);
        }
        catch (SandboxException e)
        {
            await parsed.InvocationConfiguration.Error.WriteLineAsync($"isobar: {e.Message}").ConfigureAwait(false);
            return Failed;
        }
        catch (OperationCanceledException)
        {
            const int Interrupted = 130;
            return Interrupted;
        }
    }
}
