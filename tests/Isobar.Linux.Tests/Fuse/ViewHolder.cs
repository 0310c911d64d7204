using System.Diagnostics;

namespace Isobar.Linux.Tests.Fuse;

/// <summary>A shell in the view as its root, as a job is, that holds files and waits.</summary>
internal sealed class ViewHolder : IAsyncDisposable
{
    private readonly Process _process;

    private ViewHolder(Process process) => _process = process;

    public int Pid => _process.Id;

    public static async Task<ViewHolder> StartAsync(MountedView view, string script, CancellationToken cancellation)
    {
        // Names are told from the root of the mount namespace on, which a job's view is.
        const string Enter = """
            set -e
            mount --bind "$1" "$1"; cd "$1"; mkdir -p .old usr; mount --bind /usr usr; for i in bin lib lib64; do ln -sfn usr/$i $i; done
            pivot_root . .old; cd /
            """;
        var start = new ProcessStartInfo("/usr/bin/unshare", ["--mount", "--propagation", "private", "/bin/bash", "-c", $"{Enter}\n{script}\necho ready; read x", "holder", view.View])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        var process = Process.Start(start)!;
        Assert.Equal("ready", await process.StandardOutput.ReadLineAsync(cancellation));
        return new ViewHolder(process);
    }

    /// <summary>Of the working folder and descriptors 3 to 5.</summary>
    public string[] Names() => [.. ((string[])["cwd", "fd/3", "fd/4", "fd/5"]).Select(link => new FileInfo($"/proc/{Pid}/{link}").LinkTarget ?? "")];

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
    }
}
