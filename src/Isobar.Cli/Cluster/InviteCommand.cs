using System.CommandLine;
using Isobar.Cli.Terminal;
using Isobar.Protocol.Cluster;

namespace Isobar.Cli.Cluster;

/// <summary>isobar cluster invite [--ttl TIME]</summary>
internal static class InviteCommand
{
    public static Command Create()
    {
        var ttl = new Option<string>("--ttl") { HelpName = "TIME", Description = "How long the invitation is good: 1s to 1d (default 10m)", DefaultValueFactory = _ => "10m" };
        var command = new Command("invite", "Print the command by which one machine can join, once. Whoever has it can join: send it privately.\n\nExample: isobar cluster invite --ttl 1h") { ttl };
        command.SetAction(async (parsed, cancellation) =>
        {
            var time = Quantity.ParseTime(parsed.GetValue(ttl)!);
            var reply = await Daemon.CallAsync(parsed.SocketPath(), channel =>
                new LocalCluster.LocalClusterClient(channel).InviteAsync(new InviteRequest { TtlSeconds = (long)time.TotalSeconds }, cancellationToken: cancellation));
            // The command alone on standard output, so that it can be piped to the other machine.
            await Console.Error.WriteLineAsync($"Within {Quantity.Time(time.TotalSeconds)}, as root on the machine that shall join (its isobard running):");
            Console.WriteLine($"isobar cluster join {reply.Address} {reply.Token}");
            return ExitCodes.Success;
        });
        return command;
    }
}
