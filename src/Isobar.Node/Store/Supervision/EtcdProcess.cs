using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Isobar.Linux.Processes;
using Isobar.Protocol.Cluster;
using Isobar.Protocol.Security;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Node.Store.Supervision;

/// <summary>
/// A running etcd: our child, or one that a daemon which crashed left behind. The latter is taken over when boot, number, start time and command line are those
/// noted at its start, so that a crash of the daemon costs the store nothing; anything else is left alone (a stale note) or, with another command line, ended.
/// </summary>
public sealed class EtcdProcess
{
    private const int Terminate = 15;
    private const int Kill = 9;
    private const long LargestLog = 16 << 20;

    // Go's runtime looks after itself in sleeps of 20 us and more, a hundred a second at rest: this much later they are a third of that, and the store needs 40 % less CPU. Its beats
    // are a second apart, and what is written waits for no timer.
    private static readonly TimeSpan Slack = TimeSpan.FromMilliseconds(50);

    private static readonly TimeSpan Polling = TimeSpan.FromMilliseconds(500);

    private readonly ChildProcess? _child;
    private readonly SafeFileHandle? _adopted;
    private readonly long _startTicks;

    private EtcdProcess(ChildProcess child) => (_child, Id) = (child, child.Pid);

    private EtcdProcess(SafeFileHandle adopted, int id, long startTicks) => (_adopted, Id, _startTicks) = (adopted, id, startTicks);

    public int Id { get; }

    public bool WasAdopted => _adopted is not null;

    /// <summary>Takes over the noted process or starts a new one.</summary>
    /// <exception cref="ClusterException">etcd is not installed.</exception>
    public static async Task<EtcdProcess> AdoptOrStartAsync(StorePlan plan, StoreFolder folder, string listenHost, CancellationToken cancellation)
    {
        var arguments = plan.Arguments(folder, listenHost);
        var digest = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\0', arguments))));
        if (TryOpenNoted(folder, out var noted, out var id, out var ticks, out var notedDigest))
        {
            var found = new EtcdProcess(noted, id, ticks);
            if (notedDigest == digest)
                return found;
            await found.StopAsync(cancellation);
        }
        var process = Start(arguments, folder);
        var started = ProcFs.Stat(process.Id)?.StartTicks ?? 0;
        SecretFile.Write(folder.ProcessFile, string.Create(CultureInfo.InvariantCulture, $"{BootId()} {process.Id} {started} {digest}\n"));
        return process;
    }

    /// <summary>Completes when it has ended; the text says how.</summary>
    public async Task<string> WaitAsync(CancellationToken cancellation)
    {
        if (_child is not null)
            return (await _child.WaitAsync(cancellation)).ToString();
        while (ProcFs.Stat(Id) is { IsZombie: false } stat && stat.StartTicks == _startTicks)
            await Task.Delay(Polling, cancellation);
        return "ended";
    }

    /// <summary>Asks it to end (it hands over leadership first), and ends it after five seconds.</summary>
    public async Task StopAsync(CancellationToken cancellation)
    {
        Signal(Terminate);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(TimeSpan.FromSeconds(5));
        try
        {
            await WaitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            Signal(Kill);
            await WaitAsync(default);
        }
        _adopted?.Dispose();
        _child?.Dispose();
    }

    private void Signal(int signal)
    {
        if (_child is not null)
            _child.Signal(signal);
        else
            PidFd.Signal(_adopted!, signal);
    }

    private static EtcdProcess Start(IReadOnlyList<string> arguments, StoreFolder folder)
    {
        var program = EtcdProgram.Find() ?? throw new ClusterException("etcd is not installed on this machine: install Debian's etcd-server (its own service is not needed).");
        if (new FileInfo(folder.LogFile) is { Exists: true, Length: > LargestLog })
            File.Delete(folder.LogFile);
        using var nothing = File.OpenHandle("/dev/null");
        using var log = File.OpenHandle(folder.LogFile, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        return new EtcdProcess(ProcessSpawner.Spawn(new SpawnRequest
        {
            Path = program,
            Arguments = arguments,
            // etcd reads ETCD_* too, which the administrator may have set for another cluster.
            // One thread at a time: a roster's few writes need no more, and waking others for each of its timers is most of what it does at rest.
            Environment = ["PATH=/usr/bin:/bin", "GOMAXPROCS=1"],
            Directory = folder.Root,
            Descriptors = new Dictionary<int, SafeFileHandle> { [0] = nothing, [1] = log, [2] = log },
            // Ctrl-C on a daemon in the foreground is the daemon's to handle.
            NewSession = true,
            TimerSlack = Slack,
        }));
    }

    private static bool TryOpenNoted(StoreFolder folder, out SafeFileHandle handle, out int id, out long ticks, out string digest)
    {
        (handle, id, ticks, digest) = (null!, 0, 0, string.Empty);
        if (!File.Exists(folder.ProcessFile))
            return false;
        var parts = File.ReadAllText(folder.ProcessFile).Trim().Split(' ');
        if (parts.Length != 4 || parts[0] != BootId() || !int.TryParse(parts[1], CultureInfo.InvariantCulture, out id) || !long.TryParse(parts[2], CultureInfo.InvariantCulture, out ticks))
            return false;
        digest = parts[3];
        // The descriptor first, then the check: between them the number cannot change hands unnoticed.
        if (PidFd.TryOpen(id) is not { } opened)
            return false;
        if (ProcFs.Stat(id) is { IsZombie: false } stat && stat.StartTicks == ticks)
        {
            handle = opened;
            return true;
        }
        opened.Dispose();
        return false;
    }

    private static string BootId() => File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
}
