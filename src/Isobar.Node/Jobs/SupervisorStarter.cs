using Isobar.Linux.Mounts;
using Isobar.Linux.Namespaces;
using Isobar.Linux.Processes;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Node.Jobs;

/// <summary>Starts the processes that look after jobs.</summary>
internal static class SupervisorStarter
{
    public const string Variable = "ISOBAR_SUPERVISOR";
    private const string Installed = "/usr/local/lib/isobar/isobar-supervisor";

    /// <summary>Starts one; it lives on when the daemon ends.</summary>
    /// <param name="line">Its end of the line on which it gets its jobs (descriptor 3).</param>
    /// <param name="firstConfig">The configuration of the first, for ps(1).</param>
    public static ChildProcess Start(SafeFileHandle line, string firstConfig)
    {
        using var nothing = File.OpenHandle("/dev/null", FileMode.Open, FileAccess.ReadWrite);
        using var errors = new SafeFileHandle(2, ownsHandle: false);
        var request = new SpawnRequest
        {
            Path = Program(),
            Arguments = ["isobar-supervisor", "supervise", ProcessTitle.Room(firstConfig)],
            Environment = OwnEnvironment(),
            Descriptors = new Dictionary<int, SafeFileHandle> { [0] = nothing, [1] = nothing, [2] = errors, [3] = line },
            Directory = "/",
            NewSession = true,
        };

        // In a mount namespace of its own, so that whatever is mounted for the job is gone with the supervisor, however that ends.
        return OwnNamespaces.RunIn(NamespaceKinds.Mount, () =>
        {
            Mounting.FollowOthers();
            return ProcessSpawner.Spawn(request);
        });
    }

    private static List<string> OwnEnvironment()
    {
        var environment = new Dictionary<string, string>
        {
            // A service has no home; the runtime looks for one when it builds a chain of certificates, and fails without.
            ["HOME"] = "/",
        };
        foreach (System.Collections.DictionaryEntry entry in Environment.GetEnvironmentVariables())
            environment[(string)entry.Key] = (string?)entry.Value ?? "";
        // No authority but the cluster's own is trusted: the runtime need not read the machine's hundred and more (50 ms).
        environment["SSL_CERT_FILE"] = "/dev/null";
        environment["SSL_CERT_DIR"] = "/dev/null";
        return [.. environment.Select(entry => $"{entry.Key}={entry.Value}")];
    }

    /// <summary>Where the supervisor's program is.</summary>
    /// <exception cref="JobException">It is not installed.</exception>
    public static string Program()
    {
        string?[] places =
        [
            Environment.GetEnvironmentVariable(Variable),
            Path.Combine(AppContext.BaseDirectory, "isobar-supervisor"),
            Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../lib/isobar/isobar-supervisor")),
            Installed,
        ];
        return places.FirstOrDefault(place => place is not null && File.Exists(place))
            ?? throw new JobException($"the program isobar-supervisor is not installed: run make install, or say where it is in {Variable}.");
    }
}
