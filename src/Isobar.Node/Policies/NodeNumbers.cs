using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Isobar.Balancing;
using Isobar.Protocol.Naming;
using MemberRoster = Isobar.Node.Membership.Roster;

namespace Isobar.Node.Policies;

/// <summary>
/// Members by the numbers that the policies and datagrams know them by. The number is taken out of the certificate's fingerprint, so that every node finds the
/// same one without asking anybody, and a machine that joins anew is a new node. Immutable; one for each roster.
/// </summary>
internal sealed class NodeNumbers
{
    // Joining, leaving and stopping wait for it, and a name server that is away takes longer than that for each name.
    private static readonly TimeSpan LookUpsTake = TimeSpan.FromSeconds(5);

    private readonly Dictionary<string, NodeId> _byName = [];
    private readonly Dictionary<NodeId, string> _byNumber = [];
    private readonly Dictionary<NodeId, SocketAddress> _addresses = [];

    private NodeNumbers(NodeId self, ListRoster roster) => (Self, Roster) = (self, roster);

    public NodeId Self { get; }

    /// <summary>For the policies: all members, a group for each site.</summary>
    public ListRoster Roster { get; }

    /// <summary>Numbers the members of a roster; their addresses are not known yet.</summary>
    /// <param name="roster">The members.</param>
    /// <param name="self">This node.</param>
    /// <param name="siteOf">A member's site; null = one site of all.</param>
    public static NodeNumbers Of(MemberRoster roster, string self, Func<string, string>? siteOf = null)
    {
        var taken = new Dictionary<NodeId, string>();
        foreach (var member in roster.ByAge)
        {
            var number = FromFingerprint(member.Fingerprint);
            // Two of a thousand nodes meet once in four thousand clusters; then the younger one takes the next number, on every node alike.
            while (taken.ContainsKey(number))
                number = new NodeId((number.Value + 1) & int.MaxValue);
            taken.Add(number, member.Name);
        }

        var own = taken.FirstOrDefault(pair => pair.Value == self, new KeyValuePair<NodeId, string>(NodeId.None, self)).Key;
        // By name, so that every node numbers the sites alike.
        var sites = taken.Values.Select(SiteOf).Distinct().Order(StringComparer.Ordinal).ToList();
        var numbers = new NodeNumbers(own, new ListRoster([.. taken.Select(pair => (pair.Key, sites.IndexOf(SiteOf(pair.Value))))]));
        foreach (var (number, name) in taken)
        {
            numbers._byName[name] = number;
            numbers._byNumber[number] = name;
        }

        return numbers;

        string SiteOf(string name) => siteOf?.Invoke(name) ?? "";
    }

    /// <summary>Looks the members' addresses up, all at once; one whose name cannot be resolved in time is not sent to until the next change of the roster.</summary>
    /// <param name="roster">The members.</param>
    /// <param name="family">Of the address that this node listens on.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <param name="lookUp">Finds a name's addresses; null = the system does.</param>
    /// <param name="limit">How long all of it may take; null = 5 s.</param>
    public async Task ResolveAsync(
        MemberRoster roster,
        AddressFamily family,
        CancellationToken cancellation,
        Func<string, AddressFamily, CancellationToken, Task<IPAddress[]>>? lookUp = null,
        TimeSpan? limit = null)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(limit ?? LookUpsTake);
        lookUp ??= Dns.GetHostAddressesAsync;
        var others = roster.Nodes.Values.Where(member => _byName.TryGetValue(member.Name, out var number) && number != Self).ToList();
        var found = await Task.WhenAll(others.Select(async member =>
        {
            var address = NodeAddress.Parse(member.Address);
            var ip = await ResolveAsync(address.Host, family, lookUp, patience.Token);
            cancellation.ThrowIfCancellationRequested();
            return ip is null ? null : new IPEndPoint(ip, address.Port).Serialize();
        }));
        foreach (var (member, address) in others.Zip(found))
        {
            if (address is not null)
                _addresses[_byName[member.Name]] = address;
        }
    }

    public SocketAddress? AddressOf(NodeId node) => _addresses.GetValueOrDefault(node);

    public bool IsMember(NodeId node) => _byNumber.ContainsKey(node);

    /// <summary>A member's name; its number when it is none (any more).</summary>
    public string NameOf(NodeId node) => _byNumber.TryGetValue(node, out var name) ? name : node.ToString();

    /// <summary>A member's number, or none.</summary>
    public NodeId NumberOf(string name) => _byName.TryGetValue(name, out var number) ? number : NodeId.None;

    private static NodeId FromFingerprint(string fingerprint) =>
        new((int)(BinaryPrimitives.ReadUInt32BigEndian(Convert.FromHexString(fingerprint.AsSpan(0, 8))) & int.MaxValue));

    private static async Task<IPAddress?> ResolveAsync(string host, AddressFamily family, Func<string, AddressFamily, CancellationToken, Task<IPAddress[]>> lookUp, CancellationToken cancellation)
    {
        if (IPAddress.TryParse(host, out var literal))
            return literal.AddressFamily == family ? literal : null;
        try
        {
            var found = await lookUp(host, family, cancellation);
            return found.Length == 0 ? null : found[0];
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            return null;
        }
    }
}
