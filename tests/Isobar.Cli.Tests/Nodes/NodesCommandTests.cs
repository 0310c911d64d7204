using Isobar.Cli.Nodes;
using Isobar.Protocol.Cluster;

namespace Isobar.Cli.Tests.Nodes;

public sealed class NodesCommandTests
{
    [Fact]
    public void An_unreachable_node_is_shown_with_its_last_sign_of_life()
    {
        var reply = new NodesReply
        {
            Nodes =
            {
                new NodeLine { Name = "alpha", Address = "192.0.2.1:7700", State = "up", IsSelf = true, Status = new NodeStatus { Cores = 8, Speed = 1200, Load = 0.04, Kernel = "6.12", MemoryTotalBytes = 8L << 30, MemoryFreeBytes = 4L << 30, UptimeSeconds = 60 } },
                new NodeLine { Name = "beta", Address = "192.0.2.2:7700", State = "unreachable", LastSeenSeconds = 75 },
                new NodeLine { Name = "gamma", Address = "192.0.2.3:7700", State = "unreachable", LastSeenSeconds = -1 },
            },
        };
        var output = new StringWriter();
        NodesCommand.Table(reply).Write(output, false);
        var lines = output.ToString().Split('\n');
        Assert.StartsWith("NODE    STATE                        ADDRESS", lines[0], StringComparison.Ordinal);
        Assert.Matches(@"^alpha\*  up +192\.0\.2\.1:7700 +8 +1200 +0\.0 +4\.0G +8\.0G +0 +0 +1m0s  6\.12$", lines[1]);
        Assert.Matches(@"^beta +unreachable, seen 1m15s ago  192\.0\.2\.2:7700( +-){9}$", lines[2]);
        Assert.Matches(@"^gamma +unreachable  +192", lines[3]);
    }
}
