using System.Globalization;
using System.Net.Sockets;
using Isobar.Cli.Terminal;
using Isobar.Protocol;
using Isobar.Protocol.Cluster;
using Isobar.Protocol.Naming;

namespace Isobar.Cli.Doctor.Checks;

/// <summary>The daemon, its ports, and the clocks of the other members.</summary>
internal static class NetworkChecks
{
    // The store of the roster takes the two ports after the daemon's.
    private const int Ports = 3;

    public static async Task<IReadOnlyList<Finding>> RunAsync(string socketPath, TimeProvider time, CancellationToken cancellation)
    {
        var findings = new List<Finding>();
        try
        {
            var ping = await Daemon.CallAsync(socketPath, channel => new LocalCluster.LocalClusterClient(channel).PingAsync(new PingRequest(), cancellationToken: cancellation)).ConfigureAwait(false);
            findings.Add(Finding.Good("daemon", ping.ClusterName.Length > 0
                ? $"isobard {ping.Version} answers; this is {ping.Node} of cluster {ping.ClusterName}."
                : $"isobard {ping.Version} answers; it is in no cluster yet (isobar cluster create, or isobar cluster join)."));
            if (ping.ClusterName.Length > 0)
                findings.AddRange(await ClocksAsync(socketPath, time, cancellation).ConfigureAwait(false));
        }
        catch (IsobarException e)
        {
            findings.Add(Finding.Warn("daemon", char.ToUpperInvariant(e.Message[0]) + e.Message[1..]));
            findings.Add(FreePorts(NodeAddress.DefaultPort));
        }

        return findings;
    }

    internal static Finding FreePorts(int first)
    {
        for (var port = first; port < first + Ports; port++)
        {
            try
            {
                using var listener = new TcpListener(System.Net.IPAddress.Any, port);
                listener.Start();
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                return Finding.Bad("ports", $"TCP port {port} is in use by another program, but isobard wants {first} to {first + Ports - 1}: end that program ('ss -ltnp' names it), or give isobard another --listen.");
            }
        }

        return Finding.Good("ports", $"TCP {first} to {first + Ports - 1} are free.");
    }

    private static async Task<IEnumerable<Finding>> ClocksAsync(string socketPath, TimeProvider time, CancellationToken cancellation)
    {
        var nodes = await Daemon.CallAsync(socketPath, channel => new LocalCluster.LocalClusterClient(channel).NodesAsync(new NodesRequest(), cancellationToken: cancellation)).ConfigureAwait(false);
        var others = nodes.Nodes.Where(node => !node.IsSelf && node.State == "up");
        return await Task.WhenAll(others.Select(node => ClockAsync(node, time, cancellation))).ConfigureAwait(false);
    }

    private static async Task<Finding> ClockAsync(NodeLine node, TimeProvider time, CancellationToken cancellation)
    {
        var subject = $"clock of {node.Name}";
        var offset = await MemberClock.OffsetAsync(node.Address, time, cancellation).ConfigureAwait(false);
        return offset is { } ahead
            ? Judge(subject, ahead)
            : Finding.Warn(subject, $"{node.Address} does not answer, so its clock could not be compared: look at the network between here and there.");
    }

    /// <param name="subject">Whose clock.</param>
    /// <param name="ahead">How far it is ahead of ours.</param>
    internal static Finding Judge(string subject, TimeSpan ahead)
    {
        // Isobar's own decisions do not depend on equal clocks, but certificates, file times and the ledger do.
        var seconds = ahead.TotalSeconds.ToString("+0;-0;0", CultureInfo.InvariantCulture);
        return ahead.Duration() <= MemberClock.Resolution + TimeSpan.FromSeconds(1)
            ? Finding.Good(subject, "It agrees with ours.")
            : Finding.Warn(subject, $"It differs from ours by {seconds} s, so file times will seem to jump as jobs move: let both machines keep their time by NTP.");
    }
}
