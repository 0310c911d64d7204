using System.CommandLine;
using System.Text.Json;

namespace Isobar.Cli.Sandbox.Commands;

internal static class ListCommand
{
    public static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new Command("list", "The hosts of all sandboxes.") { json };
        command.SetAction(async (parsed, cancellation) =>
        {
            var output = parsed.InvocationConfiguration.Output;
            var lines = await ListAsync(cancellation).ConfigureAwait(false);
            if (parsed.GetValue(json))
            {
                await output.WriteLineAsync(JsonSerializer.Serialize(lines, SandboxJson.Default.IReadOnlyListSandboxListing)).ConfigureAwait(false);
                return 0;
            }

            await output.WriteLineAsync($"{"SANDBOX",-10} {"HOST",-10} {"ADDRESS",-15} {"PID",-8} STATE").ConfigureAwait(false);
            foreach (var line in lines)
                await output.WriteLineAsync($"{line.Sandbox,-10} {line.Host,-10} {line.Address,-15} {line.Pid,-8} {(line.Up ? "up" : "gone")}").ConfigureAwait(false);
            return 0;
        });
        return command;
    }

    private static async Task<IReadOnlyList<SandboxListing>> ListAsync(CancellationToken cancellation)
    {
        var lines = new List<SandboxListing>();
        foreach (var place in SandboxPlace.All())
        {
            if (await SandboxCluster.FindAsync(place, cancellation).ConfigureAwait(false) is { } sandbox)
                lines.AddRange(sandbox.Hosts.Select(host => new SandboxListing(place.Name, host.Name, host.Address, host.Pid, SandboxCluster.IsUp(host))));
        }

        return lines;
    }
}
