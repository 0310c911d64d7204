using System.CommandLine;
using Isobar.Cli.Terminal;
using Isobar.Protocol.Cluster;

namespace Isobar.Cli.Cluster;

/// <summary>isobar cluster join ADDRESS TOKEN</summary>
internal static class JoinCommand
{
    public static Command Create()
    {
        var address = new Argument<string>("ADDRESS") { Description = "A member's address, HOST or HOST:PORT" };
        var token = new Argument<string>("TOKEN") { Description = "The token that `isobar cluster invite` printed" };
        var command = new Command("join", "Join a cluster with an invitation.\n\nExample: isobar cluster join 192.0.2.10:7700 isobar1-Zk3...") { address, token };
        command.SetAction(async (parsed, cancellation) =>
        {
            var request = new JoinClusterRequest { Address = parsed.GetValue(address), Token = parsed.GetValue(token) };
            var reply = await Daemon.CallAsync(parsed.SocketPath(), channel => new LocalCluster.LocalClusterClient(channel).JoinAsync(request, cancellationToken: cancellation));
            Console.WriteLine($"This is now {reply.Node} of cluster {reply.ClusterName}, which has {reply.Members} nodes.");
            return ExitCodes.Success;
        });
        return command;
    }
}
