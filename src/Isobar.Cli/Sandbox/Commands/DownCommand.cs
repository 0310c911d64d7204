using System.CommandLine;

namespace Isobar.Cli.Sandbox.Commands;

internal static class DownCommand
{
    public static Command Create()
    {
        var all = new Option<bool>("--all") { Description = "All sandboxes of this machine." };
        var command = new Command("down", "Take the hosts away, with everything in them; also what a crash left.") { all, SandboxCommand.SandboxOption };
        command.SetAction(async (parsed, cancellation) =>
        {
            var places = parsed.GetValue(all) ? SandboxPlace.All() : [SandboxCommand.PlaceOf(parsed)];
            var any = false;
            foreach (var place in places)
                any |= await SandboxCluster.DownAsync(place, cancellation).ConfigureAwait(false);
            if (!any)
                await parsed.InvocationConfiguration.Output.WriteLineAsync("There was nothing to take down.").ConfigureAwait(false);
            return 0;
        });
        return command;
    }
}
