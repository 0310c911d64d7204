using System.Globalization;
using Isobar.Linux.Kernel;
using Isobar.Linux.Processes;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Criu;

/// <summary>Starts `criu dump --stream`.</summary>
internal static class CriuDumpCommand
{
    public const string LogName = "dump.log";

    public static ChildProcess Start(CriuInstallation criu, CriuDumpOptions options, SafeFileHandle directory, string script)
    {
        // By descriptor: the streamer's socket must fit into a socket address (108 bytes), however long the directory's name is.
        var images = $"/proc/{Environment.ProcessId}/fd/{FileDescriptor.Number(directory)}";
        List<string> arguments =
        [
            "criu", "dump", "--tree", options.InitPid.ToString(CultureInfo.InvariantCulture), "--images-dir", images, "--work-dir", images,
            "--log-file", LogName, $"-v{options.LogLevel}", "--no-default-config", "--stream", "--action-script", script,
            "--ghost-limit", options.GhostLimit.ToString(CultureInfo.InvariantCulture), "--manage-cgroups=ignore",
            "--network-lock", options.NetworkLock == NetworkLock.Skip ? "skip" : "nftables",
            "--timeout", Math.Ceiling(Math.Max(options.FreezeTimeout.TotalSeconds, 1)).ToString(CultureInfo.InvariantCulture),
        ];
        if (options.LinkRemap)
            arguments.Add("--link-remap");
        if (options.FileLocks)
            arguments.Add("--file-locks");
        if (options.TcpEstablished)
            arguments.Add("--tcp-established");

        // A slave without its master passes the dump with either shell-job or orphan_pts_master (tty_verify_active_pairs in criu/tty.c);
        // the latter is an option of the RPC alone, and only the restore needs it to be that one.
        if (options.OrphanTerminal)
            arguments.Add("--shell-job");
        foreach (var external in options.Externals)
            arguments.AddRange(["--external", external]);

        using var nothing = FileDescriptor.Open("/dev/null", 2);
        try
        {
            return ProcessSpawner.Spawn(new SpawnRequest
            {
                Path = options.RealIdentity is null ? criu.Path : CriuIdentity.Switch,
                Arguments = options.RealIdentity?.Wrap(criu.Path, arguments) ?? arguments,
                Environment = CriuInstallation.ProgramEnvironment,
                Directory = "/",
                Descriptors = new Dictionary<int, SafeFileHandle> { [0] = nothing, [1] = nothing, [2] = nothing },
                NewSession = true,
            });
        }
        catch (KernelException e)
        {
            throw criu.CannotStart(e);
        }
    }
}
