using System.CommandLine;
using Isobar.Cli.Terminal;
using Isobar.Protocol.Cluster;

namespace Isobar.Cli.Cluster;

/// <summary>isobar cluster leave [--force]</summary>
internal static class LeaveCommand
{
    public static Command Create()
    {
        var force = new Option<bool>("--force") { Description = "Leave even with jobs here or without an answer from the others (who then evict this node)" };
        var command = new Command("leave", "Take this machine out of its cluster; the last one to leave ends the cluster.\n\nExample: isobar cluster leave") { force };
        command.SetAction(async (parsed, cancellation) =>
        {
            var reply = await Daemon.CallAsync(parsed.SocketPath(), channel =>
                new LocalCluster.LocalClusterClient(channel).LeaveAsync(new LeaveClusterRequest { Force = parsed.GetValue(force) }, cancellationToken: cancellation));
            Console.WriteLine(reply.WasLast ? $"Cluster {reply.ClusterName} has ended: {reply.Node} was its last node." : $"{reply.Node} has left cluster {reply.ClusterName}.");
            return ExitCodes.Success;
        });
        return command;
    }
}
