using System.Diagnostics;

namespace Isobar.FileView.Bench;

/// <summary>sshfs and sftp-server joined by two pipes: the protocol without the cost of ssh.</summary>
internal sealed class SshfsMount : IAsyncDisposable
{
    private const string Script =
        """
        mkfifo "$2/to" "$2/from"
        /usr/lib/openssh/sftp-server < "$2/to" > "$2/from" &
        echo $!
        sshfs ":$0" "$1" -f -o passive,sshfs_sync,no_contain_symlinks,allow_other,default_permissions > "$2/to" < "$2/from" &
        echo $!
        for i in $(seq 100); do grep -q " $1 fuse.sshfs" /proc/mounts && break; sleep 0.1; done
        exec > /dev/null
        wait
        """;

    private readonly Process _shell;
    private readonly int[] _pids;
    private readonly string _view;

    private SshfsMount(Process shell, int[] pids, string view) => (_shell, _pids, _view) = (shell, pids, view);

    public double MemoryMegabytes => _pids.Sum(Child.PeakMemory);

    public double ProcessorSeconds => _pids.Sum(Child.ProcessorTime);

    public static async Task<SshfsMount> CreateAsync(string home, string view, string folder)
    {
        var start = new ProcessStartInfo("/bin/bash", ["-c", Script, home, view, folder]) { RedirectStandardOutput = true };
        var shell = Process.Start(start)!;
        var pids = new int[2];
        for (var i = 0; i < pids.Length; i++)
            pids[i] = int.Parse((await shell.StandardOutput.ReadLineAsync())!, System.Globalization.CultureInfo.InvariantCulture);
        _ = await shell.StandardOutput.ReadToEndAsync();
        return (await File.ReadAllTextAsync("/proc/mounts")).Contains($" {view} fuse.sshfs", StringComparison.Ordinal)
            ? new SshfsMount(shell, pids, view)
            : throw new InvalidOperationException("sshfs did not mount; install the packages sshfs and openssh-sftp-server.");
    }

    public async ValueTask DisposeAsync()
    {
        using (var unmount = Process.Start("umount", [_view]))
            await unmount.WaitForExitAsync();

        // A mount namespace that was made meanwhile has a copy of the mount, and sshfs would live as long as that.
        foreach (var pid in _pids)
        {
            using var kill = Process.Start("/bin/kill", [$"{pid}"]);
            await kill.WaitForExitAsync();
        }

        await _shell.WaitForExitAsync();
        _shell.Dispose();
    }
}
