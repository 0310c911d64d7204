using Isobar.Linux.Kernel;
using Isobar.Protocol;
using Isobar.Protocol.Naming;
using Isobar.Protocol.Security;

namespace Isobar.Node.Store.Supervision;

/// <summary>Runs this node's member of the store and starts it again when it ends, ever more slowly if it keeps ending.</summary>
public sealed partial class StoreMember(StoreFolder folder, StorePlan plan, string listenHost, ILogger<StoreMember> log, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    private readonly ILogger _log = log;
    private readonly CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;
    private EtcdProcess? _process;

    public StorePlan Plan => plan;

    /// <summary>The process now running; null between an end and the next start.</summary>
    public int? ProcessId => _process?.Id;

    /// <summary>Writes what etcd needs to the disk: a fresh certificate for the node's present address, and the plan.</summary>
    public static void Prepare(StoreFolder folder, StorePlan plan, ClusterAuthority authority)
    {
        folder.Create();
        var (certificate, key) = authority.IssueStoreCertificate(plan.Node, plan.Address.Host);
        SecretFile.Write(folder.AuthorityFile, authority.CertificatePem);
        SecretFile.Write(folder.CertificateFile, certificate);
        SecretFile.Write(folder.KeyFile, key);
        SecretFile.Write(folder.PlanFile, string.Join('\n', plan.Node, plan.Address, plan.ClusterId, plan.InitialCluster, plan.IsFirst ? "first" : "added"));
    }

    public static StorePlan LoadPlan(StoreFolder folder)
    {
        var lines = File.ReadAllText(folder.PlanFile).Split('\n');
        return new StorePlan(lines[0], NodeAddress.Parse(lines[1]), lines[2], lines[3], lines[4] == "first");
    }

    public void Start() => _running = RunAsync();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        if (_process is { } process)
            await process.StopAsync(default);
        _process = null;
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        var pause = FirstPause;
        while (!_stop.IsCancellationRequested)
        {
            var began = time.GetTimestamp();
            try
            {
                _process = await EtcdProcess.AdoptOrStartAsync(plan, folder, listenHost, _stop.Token);
                LogRuns(_process.Id, _process.WasAdopted ? "was found running" : "started");
                var end = await _process.WaitAsync(_stop.Token);
                _process = null;
                LogEnded(end, folder.LogFile);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception e) when (e is IsobarException or KernelException or IOException)
            {
                LogCannotStart(e.Message);
            }
            pause = time.GetElapsedTime(began) > LongestPause ? FirstPause : TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, LongestPause.Ticks));
            await Task.Delay(pause, time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "store: etcd (process {Id}) {How}")]
    private partial void LogRuns(int id, string how);

    [LoggerMessage(Level = LogLevel.Warning, Message = "store: etcd {How}, starting it again; its own words are in {File}")]
    private partial void LogEnded(string how, string file);

    [LoggerMessage(Level = LogLevel.Error, Message = "store: etcd cannot be started: {Reason}")]
    private partial void LogCannotStart(string reason);
}
