using System.Collections;
using System.CommandLine;
using System.Text;
using Isobar.Linux.Namespaces;

namespace Isobar.Cli.Sandbox.Commands;

/// <summary><c>exec</c> and <c>shell</c>: this process turns into the command, so terminal, signals and exit code are the command's own.</summary>
internal static class ExecCommand
{
    public static Command Create()
    {
        var host = new Argument<string>("HOST") { Description = "The host." };
        var words = new Argument<string[]>("COMMAND") { Description = "The command and its arguments.", Arity = ArgumentArity.OneOrMore, CaptureRemainingTokens = true };
        var command = new Command("exec", "Run a command in a host.") { SandboxCommand.SandboxOption, host, words };
        command.SetAction((parsed, cancellation) => EnterAsync(parsed, parsed.GetRequiredValue(host), parsed.GetRequiredValue(words), cancellation));
        return command;
    }

    public static Command CreateShell()
    {
        var host = new Argument<string>("HOST") { Description = "The host." };
        var command = new Command("shell", "A shell in a host.") { SandboxCommand.SandboxOption, host };
        command.SetAction((parsed, cancellation) =>
        {
            var shell = Environment.GetEnvironmentVariable("SHELL") is { Length: > 0 } path && File.Exists(path) ? path : "/bin/sh";
            // The user's terminal is not one of the host's: script(1) makes one there, so that `tty`, tmux and job control work.
            string[] words = Console.IsInputRedirected ? [shell] : ["script", "--quiet", "--return", "--command", $"exec {shell}", "/dev/null"];
            return EnterAsync(parsed, parsed.GetRequiredValue(host), words, cancellation);
        });
        return command;
    }

    private static async Task<int> EnterAsync(ParseResult parsed, string host, IReadOnlyList<string> words, CancellationToken cancellation)
    {
        var sandbox = await SandboxCluster.OpenAsync(SandboxCommand.PlaceOf(parsed), cancellation).ConfigureAwait(false);
        var line = sandbox.Host(host).CommandLine(words, Environment.CurrentDirectory);
        var program = Which(line[0]) ?? throw new SandboxException($"{line[0]} is missing: install util-linux.");
        // The runtime ignores SIGPIPE, and ignored signals stay ignored over exec.
        Becoming.Signals([]);
        var error = Becoming.Execute(program, [.. line.Select(Encoding.UTF8.GetBytes)], Inherited());
        throw new SandboxException($"{program} could not be run: error {error}.");
    }

    private static string? Which(string name) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Concat(["/usr/bin", "/bin"])
        .Where(folder => folder.Length > 0)
        .Select(folder => Path.Combine(folder, name))
        .FirstOrDefault(File.Exists);

    /// <summary>Our environment, with this command on the path: an isobar that is not installed can be tried as well.</summary>
    private static List<byte[]> Inherited()
    {
        var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value);
        environment["PATH"] = $"{Path.GetDirectoryName(Environment.ProcessPath)}:{environment.GetValueOrDefault("PATH", "/usr/bin:/bin")}";
        environment.Remove("ISOBAR_SOCKET");
        return [.. environment.Select(entry => Encoding.UTF8.GetBytes($"{entry.Key}={entry.Value}"))];
    }
}
