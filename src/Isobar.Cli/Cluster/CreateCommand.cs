using System.CommandLine;
using Isobar.Cli.Terminal;
using Isobar.Protocol.Cluster;

namespace Isobar.Cli.Cluster;

/// <summary>isobar cluster create [--name CLUSTER]</summary>
internal static class CreateCommand
{
    public static Command Create()
    {
        var name = new Option<string>("--name") { HelpName = "CLUSTER", Description = "The cluster's name (default: isobar)", DefaultValueFactory = _ => "isobar" };
        var command = new Command("create", "Make this machine the first member of a new cluster, with its own certificate authority.\n\nExample: isobar cluster create --name lab") { name };
        command.SetAction(async (parsed, cancellation) =>
        {
            var reply = await Daemon.CallAsync(parsed.SocketPath(), channel =>
                new LocalCluster.LocalClusterClient(channel).CreateAsync(new CreateClusterRequest { Name = parsed.GetValue(name) }, cancellationToken: cancellation));
            Console.WriteLine($"Cluster {reply.ClusterName} is made; this is its first node, {reply.Node} at {reply.Address}.");
            Console.WriteLine("For each further machine: isobar cluster invite");
            return ExitCodes.Success;
        });
        return command;
    }
}
