using System.Diagnostics;
using System.Globalization;
using Grpc.Core;
using Isobar.Cli.Terminal;
using Isobar.Protocol.Cluster;
using Isobar.Protocol.Naming;

namespace Isobar.Cli.Sandbox;

/// <summary>The daemons of a sandbox's hosts, and the cluster that they are.</summary>
/// <remarks>A socket in the file system can be reached from outside the host, through the root directory of its first process.</remarks>
public sealed class SandboxDaemons(SandboxCluster sandbox, SandboxPrograms programs)
{
    /// <summary>What the daemon of a host says, in that host.</summary>
    public const string LogFile = "/var/log/isobard.log";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan GoneAfter = TimeSpan.FromSeconds(2);

    /// <summary>The daemon's socket as the machine sees it.</summary>
    public static string SocketOf(SandboxHost host) => string.Create(CultureInfo.InvariantCulture, $"/proc/{host.Pid}/root{Daemon.DefaultSocket}");

    /// <summary>Starts all daemons, makes a cluster on the first host and lets the others join one after the other.</summary>
    /// <exception cref="SandboxException">A daemon does not start; the message has its last words.</exception>
    public async Task CreateClusterAsync(string name, CancellationToken cancellation)
    {
        await Task.WhenAll(sandbox.Hosts.Select(host => StartAsync(host.Name, cancellation))).ConfigureAwait(false);
        var first = sandbox.Hosts[0];
        await CallAsync(first, client => client.CreateAsync(new CreateClusterRequest { Name = name }, cancellationToken: cancellation)).ConfigureAwait(false);
        foreach (var host in sandbox.Hosts.Skip(1))
        {
            var invitation = await CallAsync(first, client => client.InviteAsync(new InviteRequest { TtlSeconds = 60 }, cancellationToken: cancellation)).ConfigureAwait(false);
            await CallAsync(host, client => client.JoinAsync(new JoinClusterRequest { Address = invitation.Address, Token = invitation.Token }, cancellationToken: cancellation)).ConfigureAwait(false);
        }
    }

    /// <summary>Starts a host's daemon and waits until it answers.</summary>
    public async Task StartAsync(string hostName, CancellationToken cancellation)
    {
        var host = sandbox.Host(hostName);
        // As a service would be started: detached, with nothing of the user's environment. The name is the path, so that `isobar` is found too.
        var path = $"{Path.GetDirectoryName(programs.Command)}:{Path.GetDirectoryName(programs.Daemon)}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        var start = await sandbox.RunAsync(
            hostName,
            [
                "env", "-i", $"PATH={path}", "LANG=C.UTF-8", "sh", "-c", "log=$1; shift; setsid --fork \"$@\" < /dev/null >> \"$log\" 2>&1", "start", LogFile,
                // Without a default route the daemon cannot tell which of its addresses is for others.
                programs.Daemon, "--advertise", string.Create(CultureInfo.InvariantCulture, $"{host.Address}:{NodeAddress.DefaultPort}"),
            ],
            null,
            cancellation).ConfigureAwait(false);
        if (start.ExitCode != 0)
            throw new SandboxException($"isobard could not be started on {hostName}: {start.Complaint}");
        await AnswersAsync(host, cancellation).ConfigureAwait(false);
    }

    /// <summary>Waits until a host's daemon answers.</summary>
    public async Task AnswersAsync(SandboxHost host, CancellationToken cancellation)
    {
        var since = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                await CallAsync(host, client => client.PingAsync(new PingRequest(), cancellationToken: cancellation)).ConfigureAwait(false);
                return;
            }
            catch (CommandException e)
            {
                // At first its process is still setsid(1), under another name.
                var waited = Stopwatch.GetElapsedTime(since);
                if (waited > Patience || (waited > GoneAfter && await IsGoneAsync(host, cancellation).ConfigureAwait(false)))
                {
                    var log = await sandbox.RunAsync(host.Name, ["tail", "-n", "1", LogFile], null, cancellation).ConfigureAwait(false);
                    throw new SandboxException($"isobard on {host.Name} does not answer; it said last: {log.Output.Trim()}", e);
                }
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), cancellation).ConfigureAwait(false);
        }
    }

    private static Task<T> CallAsync<T>(SandboxHost host, Func<LocalCluster.LocalClusterClient, AsyncUnaryCall<T>> call) =>
        Daemon.CallAsync(SocketOf(host), channel => call(new LocalCluster.LocalClusterClient(channel)));

    private async Task<bool> IsGoneAsync(SandboxHost host, CancellationToken cancellation) =>
        (await sandbox.RunAsync(host.Name, ["pgrep", "-x", Path.GetFileName(programs.Daemon)], null, cancellation).ConfigureAwait(false)).ExitCode != 0;
}
