using System.CommandLine;
using Isobar.Cli.Terminal;
using Isobar.Protocol.Cluster;

namespace Isobar.Cli.Cluster;

/// <summary>isobar cluster evict NODE</summary>
internal static class EvictCommand
{
    public static Command Create()
    {
        var node = new Argument<string>("NODE") { Description = "The node to send away" };
        var command = new Command("evict", "Send a node away that is lost or not trusted any more: its certificate is refused from now on.\n\nExample: isobar cluster evict gamma") { node };
        command.SetAction(async (parsed, cancellation) =>
        {
            var name = parsed.GetValue(node)!;
            await Daemon.CallAsync(parsed.SocketPath(), channel => new LocalCluster.LocalClusterClient(channel).EvictAsync(new EvictRequest { Node = name }, cancellationToken: cancellation));
            Console.WriteLine($"{name} is evicted.");
            return ExitCodes.Success;
        });
        return command;
    }
}
