using System.Text.Json;
using Isobar.Linux.Processes;
using Isobar.Linux.Sockets;
using Isobar.Protocol.Jobs;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Node.Jobs;

/// <summary>
/// Starts supervisors. The daemon makes the listening socket and hands it over (descriptor 3), so that callers can connect at once and wait in the kernel's
/// queue while the supervisor starts.
/// </summary>
public static class SupervisorStarter
{
    public const string Variable = "ISOBAR_SUPERVISOR";
    private const string Installed = "/usr/local/lib/isobar/isobar-supervisor";

    /// <summary>Starts one; it lives on when the daemon ends.</summary>
    public static ChildProcess Start(SupervisorConfig config)
    {
        JobFolders.MakeRun(config.RunDirectory);
        var configPath = Path.Combine(config.RunDirectory, JobFolders.ConfigName);
        using (var file = new FileStream(configPath, new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }))
            JsonSerializer.Serialize(file, config, JobJson.Default.SupervisorConfig);

        var socketPath = Path.Combine(config.RunDirectory, JobFolders.SocketName);
        using var listening = UnixListener.Create(socketPath, backlog: 64);
        // Everybody may knock: whom it serves the supervisor decides by what the kernel says of the caller.
        File.SetUnixFileMode(socketPath, (UnixFileMode)0b110_110_110);
        using var nothing = File.OpenHandle("/dev/null", FileMode.Open, FileAccess.ReadWrite);
        using var errors = new SafeFileHandle(2, ownsHandle: false);
        return ProcessSpawner.Spawn(new SpawnRequest
        {
            Path = Program(),
            Arguments = ["isobar-supervisor", "supervise", configPath],
            Descriptors = new Dictionary<int, SafeFileHandle> { [0] = nothing, [1] = nothing, [2] = errors, [3] = listening },
            Directory = "/",
            NewSession = true,
        });
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
