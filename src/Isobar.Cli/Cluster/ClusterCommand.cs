using System.CommandLine;

namespace Isobar.Cli.Cluster;

/// <summary>isobar cluster ...</summary>
internal static class ClusterCommand
{
    public static Command Create() => new("cluster", "Make a cluster, join one, leave it")
    {
        CreateCommand.Create(),
        InviteCommand.Create(),
        JoinCommand.Create(),
        LeaveCommand.Create(),
        EvictCommand.Create(),
    };
}
