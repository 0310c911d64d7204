using System.Text.Json;
using Isobar.Linux.Files;
using Isobar.Linux.Mounts;
using Isobar.Linux.Namespaces;
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
    private const string InOwnNamespace = "ISOBAR_SUPERVISOR_NAMESPACE";

    private static async Task<int> Main(string[] args)
    {
        switch (args)
        {
            case ["launch"]:
                return LaunchStage.Run();
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
            EnterOwnMountNamespace(configPath);
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

    /// <summary>
    /// A mount namespace of its own, so that whatever is mounted for the job is gone with this process, however it ends. unshare(2) changes one thread only,
    /// so the program starts itself again from that thread, and all of its threads are born in the new namespace.
    /// </summary>
    private static void EnterOwnMountNamespace(string configPath)
    {
        if (Environment.GetEnvironmentVariable(InOwnNamespace) is not null)
            return;
        OwnNamespaces.Unshare(NamespaceKinds.Mount);
        Mounting.FollowOthers();
        var environment = new List<byte[]> { System.Text.Encoding.UTF8.GetBytes($"{InOwnNamespace}=1") };
        // A service has no home; the runtime looks for one when it builds a chain of certificates, and fails without.
        if (Environment.GetEnvironmentVariable("HOME") is null)
            environment.Add("HOME=/"u8.ToArray());
        foreach (System.Collections.DictionaryEntry entry in Environment.GetEnvironmentVariables())
            environment.Add(System.Text.Encoding.UTF8.GetBytes($"{entry.Key}={entry.Value}"));
        var error = Becoming.Execute(
            "/proc/self/exe",
            [.. new[] { "isobar-supervisor", "supervise", configPath }.Select(System.Text.Encoding.UTF8.GetBytes)],
            environment);
        throw new Isobar.Linux.Kernel.KernelException("start again", "/proc/self/exe", error);
    }
}
