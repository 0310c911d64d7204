using System.Net;
using System.Net.Sockets;
using Isobar.Balancing;
using Isobar.Balancing.Dissemination;
using Isobar.Node.Gossip;
using Isobar.Node.Load;
using Isobar.Node.Membership;
using Isobar.Node.Policies;
using Isobar.Node.Settings;
using MemberRoster = Isobar.Node.Membership.Roster;

namespace Isobar.Node.Life;

/// <summary>What lives as long as the node's membership in one cluster.</summary>
internal sealed partial class ClusterLife(ActiveCluster cluster, ILoggerFactory logs, TimeProvider time) : IAsyncDisposable
{
    private readonly ILogger _log = logs.CreateLogger<ClusterLife>();
    private GossipSocket? _socket;
    private HashSet<string> _members = [.. cluster.Roster.Current.Nodes.Values.Select(node => node.Fingerprint)];

    public ActiveCluster Cluster => cluster;

    public GossipKeys Keys { get; } = new(cluster.Store, cluster.Folder, logs.CreateLogger<GossipKeys>(), time);

    public SettingsFollower Settings { get; } = new(cluster.Store, cluster.Folder, logs.CreateLogger<SettingsFollower>());

    /// <summary>Null until the members are known, and where its port cannot be had.</summary>
    public GossipSocket? Socket => Volatile.Read(ref _socket);

    /// <summary>Why there is no socket.</summary>
    public string? Trouble { get; private set; }

    /// <summary>Sends to these members from now on; the first time the socket is opened.</summary>
    /// <param name="listen">The address and number of the daemon's TCP port.</param>
    /// <param name="numbers">The members.</param>
    /// <param name="incarnation">The number of the daemon's life.</param>
    /// <param name="receiver">Who gets what comes, with the socket to answer by.</param>
    public void Use(IPEndPoint listen, NodeNumbers numbers, uint incarnation, Receiver receiver)
    {
        if (_socket is { } open)
        {
            open.Use(numbers);
            return;
        }

        try
        {
            var session = ((ulong)incarnation << 32) | (uint)Random.Shared.NextInt64();
            var socket = new GossipSocket(listen, numbers, session, Keys, time, static () => MachineLoad.Now, logs.CreateLogger<GossipSocket>());
            socket.Start((NodeId from, in LoadMessage message) => receiver(from, in message, socket));
            Volatile.Write(ref _socket, socket);
            Trouble = null;
        }
        catch (SocketException e)
        {
            Trouble = $"UDP port {listen.Port} cannot be used ({e.Message}): end the program that has it, and restart isobard.";
            LogTrouble(Trouble);
        }
    }

    /// <summary>Takes the members of a new roster; true when one of the old ones is gone.</summary>
    public bool TakeMembers(MemberRoster roster)
    {
        var now = roster.Nodes.Values.Select(node => node.Fingerprint).ToHashSet();
        var somebodyLeft = !_members.IsSubsetOf(now);
        _members = now;
        return somebodyLeft;
    }

    public async ValueTask DisposeAsync()
    {
        if (Socket is { } socket)
            await socket.DisposeAsync();
        await Keys.DisposeAsync();
        await Settings.DisposeAsync();
    }

    /// <summary>Who gets what was in a datagram.</summary>
    /// <param name="from">Who sent it.</param>
    /// <param name="message">What was in it.</param>
    /// <param name="socket">For the answer.</param>
    internal delegate void Receiver(NodeId from, in LoadMessage message, IOutbox socket);

    [LoggerMessage(Level = LogLevel.Warning, Message = "gossip: {Trouble}")]
    private partial void LogTrouble(string trouble);
}
