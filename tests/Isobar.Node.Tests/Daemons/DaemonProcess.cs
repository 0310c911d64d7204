using System.Diagnostics;
using System.Net.Sockets;
using Grpc.Core;
using Grpc.Net.Client;
using Isobar.Linux.Processes;
using Isobar.Protocol.Cluster;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Node.Tests.Daemons;

/// <summary>A real isobard in a process of its own, with its own port and folders on this machine.</summary>
internal sealed class DaemonProcess : IAsyncDisposable
{
    private const int Terminate = 15;
    private const int Kill = 9;

    private readonly string _root = Directory.CreateTempSubdirectory("isobar-test-").FullName;
    private readonly GrpcChannel _channel;
    private ChildProcess? _process;

    public DaemonProcess(string name, int port)
    {
        (Name, Port) = (name, port);
        var socket = Path.Combine(_root, "run", "isobard.sock");
        _channel = GrpcChannel.ForAddress("http://isobard", new GrpcChannelOptions
        {
            HttpHandler = new SocketsHttpHandler
            {
                ConnectCallback = async (_, cancellation) =>
                {
                    var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                    await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancellation);
                    return new NetworkStream(connection, ownsSocket: true);
                },
            },
        });
    }

    public string Name { get; }

    public int Port { get; }

    public string Address => $"127.0.0.1:{Port}";

    public string Log => File.Exists(LogFile) ? File.ReadAllText(LogFile) : string.Empty;

    public string StateDirectory => Path.Combine(_root, "state");

    public LocalCluster.LocalClusterClient Client => new(_channel);

    public Isobar.Protocol.Balance.LocalBalance.LocalBalanceClient Balance => new(_channel);

    /// <summary>The process of the daemon's etcd, as the daemon noted it; 0 if it has none.</summary>
    public int StoreProcessId => File.Exists(StoreNote) ? int.Parse(File.ReadAllText(StoreNote).Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture) : 0;

    private string LogFile => Path.Combine(_root, "log");

    private string StoreNote => Path.Combine(StateDirectory, "etcd", "etcd.process");

    public async Task StartAsync(CancellationToken cancellation)
    {
        using var nothing = File.OpenHandle("/dev/null");
        using var log = File.OpenHandle(LogFile, FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
        // Not the configuration of the machine that runs the test.
        var configuration = Path.Combine(_root, "isobard.json");
        await File.WriteAllTextAsync(configuration, "{}", cancellation);
        var program = Path.Combine(AppContext.BaseDirectory, "isobard");
        _process = ProcessSpawner.Spawn(new SpawnRequest
        {
            Path = program,
            Arguments = [program, "--config", configuration, "--state-dir", StateDirectory, "--run-dir", Path.Combine(_root, "run"), "--listen", Address, "--name", Name],
            Descriptors = new Dictionary<int, SafeFileHandle> { [0] = nothing, [1] = log, [2] = log },
        });
        while (true)
        {
            try
            {
                await Client.PingAsync(new PingRequest(), cancellationToken: cancellation);
                return;
            }
            catch (RpcException) when (!cancellation.IsCancellationRequested && !_process.HasExited)
            {
                await Task.Delay(50, cancellation);
            }
        }
    }

    /// <summary>As systemctl stop does.</summary>
    public async Task StopAsync() => await EndAsync(Terminate);

    /// <summary>As a crash: etcd is left behind.</summary>
    public async Task CrashAsync() => await EndAsync(Kill);

    public void KillStore() => Signal(StoreProcessId, Kill);

    /// <summary>Stops etcd without ending it (SIGSTOP), or lets it go on (SIGCONT).</summary>
    public void FreezeStore(bool frozen) => Signal(StoreProcessId, frozen ? 19 : 18);

    public async Task<NodesReply> NodesAsync(CancellationToken cancellation) => await Client.NodesAsync(new NodesRequest(), cancellationToken: cancellation);

    public async Task JoinAsync(DaemonProcess member, CancellationToken cancellation)
    {
        var invite = await member.Client.InviteAsync(new InviteRequest { TtlSeconds = 600 }, cancellationToken: cancellation);
        await Client.JoinAsync(new JoinClusterRequest { Address = invite.Address, Token = invite.Token }, cancellationToken: cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        _channel.Dispose();
        if (_process is { HasExited: false })
            await StopAsync();
        if (StoreProcessId is > 0 and var id)
            Signal(id, Kill);
        Isobar.Linux.Files.FolderRemoval.Remove(_root);
    }

    private async Task EndAsync(int signal)
    {
        _process!.Signal(signal);
        var began = Stopwatch.GetTimestamp();
        await _process.WaitAsync().WaitAsync(TimeSpan.FromSeconds(15));
        Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(15));
    }

    private static void Signal(int id, int signal)
    {
        using var process = PidFd.TryOpen(id);
        // The note may be old and the number another process's by now.
        if (process is not null && ProcFs.Stat(id)?.Name == "etcd")
            PidFd.Signal(process, signal);
    }
}
