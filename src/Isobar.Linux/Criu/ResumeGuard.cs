using System.Globalization;
using Isobar.Linux.Criu.Rpc;
using Isobar.Linux.Kernel;
using Isobar.Linux.Processes;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Criu;

/// <summary>
/// Kills the restored tree when this process dies between pre-resume and the answer to it. CRIU ignores how its pre-resume question is
/// answered, and takes our death for an answer too: it would let the tasks go, while the source, not having heard of a commit, lets its own
/// go as well. So a tiny shell waits on a pipe from us and holds a duplicate of our end of CRIU's socket: when we die, CRIU keeps waiting
/// until the shell has killed the tree, task by task since init's death takes the others with it only after a moment, and CRIU at the end.
/// </summary>
internal sealed class ResumeGuard : IDisposable
{
    private readonly ChildProcess _shell;
    private readonly SafeFileHandle _line;

    private ResumeGuard(ChildProcess shell, SafeFileHandle line)
    {
        _shell = shell;
        _line = line;
    }

    /// <param name="tree">All tasks of the restored tree; none of them can end or start another before they are resumed.</param>
    /// <param name="worker">The CRIU that restored it.</param>
    public static ResumeGuard Start(IReadOnlyList<int> tree, CriuWorker worker)
    {
        IEnumerable<int> victims = [.. tree, worker.Process.Pid];
        var pipe = KernelPipe.Create();
        using var reading = pipe.ReadEnd;
        try
        {
            var shell = ProcessSpawner.Spawn(new SpawnRequest
            {
                Path = "/bin/sh",
                Arguments = ["sh", "-c", "read -r go || kill -9 \"$@\"", "isobar-guard", .. victims.Select(pid => pid.ToString(CultureInfo.InvariantCulture))],
                Environment = [],
                Directory = "/",
                Descriptors = new Dictionary<int, SafeFileHandle> { [0] = pipe.ReadEnd, [3] = worker.Socket },
                NewSession = true,
            });
            return new ResumeGuard(shell, pipe.WriteEnd);
        }
        catch
        {
            pipe.WriteEnd.Dispose();
            throw;
        }
    }

    /// <summary>From now on our death leaves the tree alone.</summary>
    public unsafe void Release()
    {
        var line = stackalloc byte[] { (byte)'\n' };
        _ = LibC.Write(FileDescriptor.Number(_line), line, 1);
    }

    public void Dispose()
    {
        Release();
        _line.Dispose();
        _shell.Dispose();
    }
}
