using System.CommandLine;

namespace Isobar.Cli.Sandbox.Commands;

/// <summary><c>isobar sandbox</c>: several hosts on one machine, to try Isobar and to test it.</summary>
public static class SandboxCommand
{
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
}
