using System.Text.Json;
using Isobar.Linux.Files;
using Isobar.Linux.Processes;
using Isobar.Protocol.Jobs;
using Isobar.Supervisor.Deputies;
using Isobar.Supervisor.Hosting;
using Isobar.Supervisor.Launching;

namespace Isobar.Supervisor;

/// <summary>
/// The process beside a job. <c>supervise CONFIG</c>: deputy at home or guest supervisor elsewhere; <c>launch</c>: the job's first process before it is the
/// job's. Started by the daemon, which it outlives.
/// </summary>
internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        switch (args)
        {
            case ["launch"]:
                return LaunchStage.Run();
            case [TerminalStage.Name, _, _, ..]:
                return TerminalStage.Run();
            case ["supervise", var config]:
                return await SuperviseAsync(config).ConfigureAwait(false);
            default:
                await Console.Error.WriteLineAsync("isobar-supervisor is started by isobard; there is nothing to start by hand.").ConfigureAwait(false);
                return 125;
        }
    }

    private static async Task<int> SuperviseAsync(string configPath)
    {
        try
        {
            Subreaper.Enable();
            var text = await File.ReadAllBytesAsync(configPath).ConfigureAwait(false);
            var config = JsonSerializer.Deserialize(text, JobJson.Default.SupervisorConfig) ?? throw new IOException($"{configPath} is empty.");
            if (config.Spec is not null)
            {
                await using var home = new HomeSupervisor(config);
                await home.RunAsync(CancellationToken.None).ConfigureAwait(false);
            }
            else
            {
                using var guest = new GuestSupervisor(config);
                await guest.RunAsync(CancellationToken.None).ConfigureAwait(false);
            }

            FolderRemoval.Remove(config.RunDirectory);
            return 0;
        }
        catch (Exception e)
        {
            // The last resort: the daemon keeps standard error of its supervisors in its journal.
            await Console.Error.WriteLineAsync($"isobar-supervisor {configPath}: {e}").ConfigureAwait(false);
            return 125;
        }
    }
}
