using Isobar.Linux.Kernel;
using Isobar.Linux.Processes;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Node.Owners;

/// <summary>
/// The program of an owner that says by its exit status whether he is there (0 = yes). Asked now and then, ended when it takes too long. It runs as root, so it must
/// be a file that only root can change.
/// </summary>
internal sealed class OwnerCommand(string path)
{
    private const double Every = 5;
    private const int Kill = 9;
    private const UnixFileMode ChangedByOthers = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;
    private static readonly TimeSpan AtMost = TimeSpan.FromSeconds(10);

    private double _next;
    private Task? _asking;

    /// <summary>What it said last; null when it could not be run.</summary>
    public bool? Says { get; private set; }

    /// <summary>Why it could not be run.</summary>
    public string? Trouble { get; private set; }

    public string Path => path;

    /// <summary>Asks it again when it is time, without waiting for the answer.</summary>
    /// <param name="now">Seconds of a steady clock.</param>
    public void Look(double now)
    {
        if (now < _next || _asking is { IsCompleted: false })
            return;
        _next = now + Every;
        _asking = AskAsync();
    }

    private async Task AskAsync()
    {
        try
        {
            if (Refusal() is { } refusal)
            {
                (Says, Trouble) = (null, refusal);
                return;
            }

            using var child = Start();
            using var late = new CancellationTokenSource(AtMost);
            try
            {
                var status = await child.WaitAsync(late.Token);
                (Says, Trouble) = (status.Succeeded, null);
            }
            catch (OperationCanceledException)
            {
                child.Signal(Kill);
                (Says, Trouble) = (null, $"{path} took longer than {AtMost.TotalSeconds:0} s and was ended: make it quicker.");
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            (Says, Trouble) = (null, $"{path} cannot be run: {e.Message}");
        }
    }

    private string? Refusal()
    {
        var status = Isobar.Linux.Files.FileStatus.TryOf(path, followLinks: true);
        if (status is not { IsFile: true })
            return $"there is no program {path} on this machine: put it there, or clear the rule.";
        return status.Uid != 0 || ((UnixFileMode)(status.Mode & 0xFFF) & ChangedByOthers) != 0
            ? $"{path} can be changed by others than root, and is not run: chown root and chmod go-w it."
            : null;
    }

    private ChildProcess Start()
    {
        using var nothing = FileDescriptor.Open("/dev/null", 2);
        return ProcessSpawner.Spawn(new SpawnRequest
        {
            Path = path,
            Arguments = [path],
            Environment = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"],
            Directory = "/",
            Descriptors = new Dictionary<int, SafeFileHandle> { [0] = nothing, [1] = nothing, [2] = nothing },
            NewSession = true,
        });
    }
}
