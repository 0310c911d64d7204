using System.Net;
using Isobar.Protocol.Naming;

namespace Isobar.Node.Hosting;

/// <summary>How a daemon is set up: command line over configuration file over defaults.</summary>
public sealed record DaemonOptions
{
    public const string DefaultStateDirectory = "/var/lib/isobar";
    public const string DefaultRunDirectory = "/run/isobar";

    /// <summary>What must survive a reboot: keys, roster, store, jobs.</summary>
    public required string StateDirectory { get; init; }

    /// <summary>What lives until the next boot: the local socket, sockets of supervisors.</summary>
    public required string RunDirectory { get; init; }

    public required IPEndPoint Listen { get; init; }

    /// <summary>Where others reach this node; null = found out when the cluster is created or joined.</summary>
    public NodeAddress? Advertise { get; init; }

    public required string NodeName { get; init; }

    /// <summary>The administrator's own etcd instead of ours.</summary>
    public IReadOnlyList<string> ExternalStore { get; init; } = [];

    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    public string LocalSocket => Path.Combine(RunDirectory, "isobard.sock");
}
