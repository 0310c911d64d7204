using System.Text.Json;
using Isobar.Linux.Files;
using Isobar.Linux.Processes;
using Isobar.Protocol.Jobs;
using Isobar.Supervisor.Control;
using Isobar.Supervisor.Deputies;
using Isobar.Supervisor.Hosting;

namespace Isobar.Supervisor;

/// <summary>
/// The process beside a job: deputy at home or guest supervisor elsewhere, of one job after the other (<see cref="DaemonLine"/>). Started by the daemon, which it outlives. What else the program is for runs
/// before the .NET runtime would (Native): <c>launch</c> and <c>terminal</c>, a job's processes before they are the job's; <c>guard-pages</c>.
/// </summary>
internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        switch (args)
        {
            case ["supervise", ..]:
                return await SuperviseAsync().ConfigureAwait(false);
            default:
                await Console.Error.WriteLineAsync("isobar-supervisor is started by isobard; there is nothing to start by hand.").ConfigureAwait(false);
                return 125;
        }
    }

    private static async Task<int> SuperviseAsync()
    {
        Subreaper.Enable();
        using var line = new DaemonLine();
        while (await line.NextAsync().ConfigureAwait(false) is { } assignment)
        {
            try
            {
                var config = Read(assignment.ConfigPath);
                using var socket = new SupervisorSocket(assignment.Listener);
                await SuperviseAsync(config, socket).ConfigureAwait(false);
                socket.Dispose();
                FolderRemoval.Remove(config.RunDirectory);
                if (!await line.TryOfferAsync(config.RunDirectory).ConfigureAwait(false))
                    break;
            }
            catch (Exception e)
            {
                DaemonJournal.Write($"{assignment.ConfigPath}: {e}");
                return 125;
            }
        }

        return 0;
    }

    private static SupervisorConfig Read(string path) =>
        JsonSerializer.Deserialize(File.ReadAllBytes(path), JobJson.Default.SupervisorConfig) ?? throw new IOException($"{path} is empty.");

    private static async Task SuperviseAsync(SupervisorConfig config, SupervisorSocket socket)
    {
        if (config.Spec is not null)
        {
            await using var home = new HomeSupervisor(config);
            await home.RunAsync(socket, CancellationToken.None).ConfigureAwait(false);
        }
        else
        {
            using var guest = new GuestSupervisor(config);
            await guest.RunAsync(socket, CancellationToken.None).ConfigureAwait(false);
        }
    }
}
