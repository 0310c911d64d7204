using System.Globalization;

namespace Isobar.Cli.Sandbox;

/// <summary>The sandbox's own network: a bridge in a namespace of its own, and a link from it to each host.</summary>
/// <remarks>Nothing of it is joined to the machine's network, so no host reaches that, and two sandboxes may use the same addresses.</remarks>
internal static class SandboxNetwork
{
    private const string Bridge = "lan";
    private const int Prefix = 24;

    // A bridge otherwise takes the lowest address of its ports and changes it as they come and go, which stalls connections.
    private const string BridgeMac = "02:00:0a:58:00:01";

    public static string AddressOf(int index) => string.Create(CultureInfo.InvariantCulture, $"10.88.0.{index + 11}");

    public static string LinkOf(int index) => string.Create(CultureInfo.InvariantCulture, $"host{index + 1}");

    public static IReadOnlyList<string> In(int pid, params IReadOnlyList<string> command) =>
        ["nsenter", "--target", pid.ToString(CultureInfo.InvariantCulture), "--net", "--", .. command];

    public static async Task CreateBridgeAsync(int networkPid, CancellationToken cancellation)
    {
        await ExternalCommand.RequireAsync(In(networkPid, "ip", "link", "add", Bridge, "address", BridgeMac, "type", "bridge"), cancellation).ConfigureAwait(false);
        await ExternalCommand.RequireAsync(In(networkPid, "ip", "link", "set", Bridge, "up"), cancellation).ConfigureAwait(false);
    }

    public static async Task ConnectAsync(int networkPid, SandboxHost host, CancellationToken cancellation)
    {
        // nsenter enters the network namespace alone, so the process number is still the machine's.
        var pid = host.Pid.ToString(CultureInfo.InvariantCulture);
        await ExternalCommand.RequireAsync(In(networkPid, "ip", "link", "add", host.Link, "type", "veth", "peer", "name", "eth0", "netns", pid), cancellation).ConfigureAwait(false);
        await ExternalCommand.RequireAsync(In(networkPid, "ip", "link", "set", host.Link, "master", Bridge, "up"), cancellation).ConfigureAwait(false);
        await ExternalCommand.RequireAsync(In(host.Pid, "ip", "address", "add", $"{host.Address}/{Prefix}", "dev", "eth0"), cancellation).ConfigureAwait(false);
        await ExternalCommand.RequireAsync(In(host.Pid, "ip", "link", "set", "eth0", "up"), cancellation).ConfigureAwait(false);
    }

    /// <summary>Pulls the host's cable, or plugs it in again.</summary>
    public static Task SetLinkAsync(int networkPid, SandboxHost host, bool up, CancellationToken cancellation) =>
        ExternalCommand.RequireAsync(In(networkPid, "ip", "link", "set", host.Link, up ? "up" : "down"), cancellation);
}
