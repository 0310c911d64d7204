using Isobar.Cluster.Tests.Cluster;
using Isobar.Cluster.Tests.Hosts;

namespace Isobar.Cluster.Tests.Faults;

/// <summary>A move that is held at its most delicate point: the job stands still at the source, everything of it is at the target, nothing is decided.</summary>
internal sealed class FrozenMove
{
    /// <summary>The source's last message is sent when the target starts the restore; it has long arrived after this.</summary>
    private static readonly TimeSpan MessagesArrive = TimeSpan.FromSeconds(2);

    private readonly IsobarCluster _cluster;
    private readonly string _target;
    private readonly string _criu;
    private readonly Task<HostResult> _migrate;

    private FrozenMove(IsobarCluster cluster, string target, string criu, Task<HostResult> migrate) =>
        (_cluster, _target, _criu, _migrate) = (cluster, target, criu, migrate);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<FrozenMove> StartAsync(IsobarCluster cluster, string job, string target)
    {
        // A restore is over within some 20 ms: too short for a shell that starts a process for each look.
        const string Catch = """
            import os, re, signal, sys, time
            end = time.time() + 60
            while time.time() < end:
                for process in sorted(int(name) for name in os.listdir("/proc") if name.isdigit()):
                    try:
                        with open(f"/proc/{process}/cmdline", "rb") as file:
                            if re.search(rb"[c]riu.* restore", file.read().replace(b"\0", b" ")):
                                os.kill(process, signal.SIGSTOP)
                                print(process)
                                sys.exit(0)
                    except (FileNotFoundError, ProcessLookupError):
                        pass
            sys.exit(1)
            """;
        var caught = cluster.RunAsync(target, "python3", "-c", Catch);
        var migrate = cluster.RunAsync(IsobarCluster.Home, "isobar", "migrate", job, target);
        var result = await caught;
        Assert.True(result.ExitCode == 0, $"criu was not seen on {target}: {result.Error}");
        await Task.Delay(MessagesArrive, Cancellation);
        Assert.False(migrate.IsCompleted, "the move did not wait for criu.");
        return new FrozenMove(cluster, target, result.Output.Trim(), migrate);
    }

    public async Task ContinueAsync() => Assert.Equal(0, (await _cluster.ShAsync(_target, $"kill -CONT {_criu}")).ExitCode);

    /// <summary>How the command that asked for the move ended.</summary>
    public Task<HostResult> EndAsync() => _migrate.WaitAsync(Waiting.Patience, Cancellation);
}
