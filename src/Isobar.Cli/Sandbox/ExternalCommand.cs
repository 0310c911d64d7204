using System.ComponentModel;
using System.Diagnostics;

namespace Isobar.Cli.Sandbox;

/// <summary>What a command said and how it ended.</summary>
public sealed record CommandResult(int ExitCode, string Output, string Error)
{
    /// <summary>The last line of what it complained about, for one sentence to the user.</summary>
    public string Complaint => (Error.Length > 0 ? Error : Output).TrimEnd().Split('\n')[^1];
}

/// <summary>Runs the system's own tools (ip, nsenter, unshare) and collects what they print.</summary>
public static class ExternalCommand
{
    public static async Task<CommandResult> RunAsync(IReadOnlyList<string> command, string? input = null, CancellationToken cancellation = default)
    {
        var start = new ProcessStartInfo(command[0])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in command.Skip(1))
            start.ArgumentList.Add(argument);
        using var process = Start(start);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellation);
            var error = process.StandardError.ReadToEndAsync(cancellation);
            if (input is not null)
                await process.StandardInput.WriteAsync(input.AsMemory(), cancellation).ConfigureAwait(false);
            process.StandardInput.Close();
            await process.WaitForExitAsync(cancellation).ConfigureAwait(false);
            return new CommandResult(process.ExitCode, await output.ConfigureAwait(false), await error.ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    /// <exception cref="SandboxException">The command ended with another code than 0; the message names it and its last complaint.</exception>
    public static async Task<string> RequireAsync(IReadOnlyList<string> command, CancellationToken cancellation = default)
    {
        var result = await RunAsync(command, null, cancellation).ConfigureAwait(false);
        return result.ExitCode == 0
            ? result.Output
            : throw new SandboxException($"'{string.Join(' ', command)}' failed: {result.Complaint}");
    }

    public static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start) ?? throw new SandboxException($"{start.FileName} could not be started.");
        }
        catch (Win32Exception e)
        {
            throw new SandboxException($"{start.FileName} could not be started ({e.Message}): install it with 'make setup'.", e);
        }
    }
}
