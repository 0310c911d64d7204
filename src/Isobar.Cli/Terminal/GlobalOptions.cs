using System.CommandLine;

namespace Isobar.Cli.Terminal;

/// <summary>Options that every verb understands.</summary>
public static class GlobalOptions
{
    public static Option<string> Socket { get; } = new("--socket")
    {
        HelpName = "PATH",
        Description = $"The daemon's socket (environment: ISOBAR_SOCKET; default {Daemon.DefaultSocket})",
        Recursive = true,
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable("ISOBAR_SOCKET") is { Length: > 0 } told ? told : Daemon.DefaultSocket,
    };

    /// <summary>For listings: machine-readable output. A new one per verb.</summary>
    public static Option<bool> Json() => new("--json") { Description = "Print JSON" };

    public static string SocketPath(this ParseResult parsed) => parsed.GetValue(Socket)!;
}
