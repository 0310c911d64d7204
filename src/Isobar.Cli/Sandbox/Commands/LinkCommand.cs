using System.CommandLine;

namespace Isobar.Cli.Sandbox.Commands;

internal static class LinkCommand
{
    public static Command Create()
    {
        var host = new Argument<string>("HOST") { Description = "The host." };
        var state = new Argument<string>("STATE") { Description = "down pulls its network cable, up plugs it in again." };
        state.AcceptOnlyFromAmong("up", "down");
        var command = new Command("link", "Pull a host's network cable, or plug it in again.") { SandboxCommand.SandboxOption, host, state };
        command.SetAction(async (parsed, cancellation) =>
        {
            var sandbox = await SandboxCluster.OpenAsync(SandboxCommand.PlaceOf(parsed), cancellation).ConfigureAwait(false);
            await sandbox.SetLinkAsync(parsed.GetRequiredValue(host), parsed.GetRequiredValue(state) == "up", cancellation).ConfigureAwait(false);
            return 0;
        });
        return command;
    }
}
