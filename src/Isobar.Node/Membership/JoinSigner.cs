using System.Text.Json;
using Grpc.Core;
using Isobar.Node.Listening;
using Isobar.Node.Store;
using Isobar.Protocol.Cluster;
using Isobar.Protocol.Naming;
using Isobar.Protocol.Security;

namespace Isobar.Node.Membership;

/// <summary>The member's side of a join: checks the invitation, signs the certificate, writes the new member into the roster.</summary>
internal sealed partial class JoinSigner(ClusterRuntime runtime, ILogger<JoinSigner> log, TimeProvider time)
{
    /// <summary>Makes, file times and leases compare clocks; more than this is a machine without time synchronisation.</summary>
    private static readonly TimeSpan LargestSkew = TimeSpan.FromMinutes(2);

    private readonly ILogger _log = log;

    /// <summary>Signs here if the authority's key is here, else asks a member that has it.</summary>
    public async Task<JoinReply> HandleAsync(JoinRequest request, CancellationToken cancellation)
    {
        var cluster = runtime.Require();
        if (cluster.Folder.HasAuthority)
            return await SignAsync(cluster, request, cancellation);
        foreach (var holder in cluster.Roster.Current.ByAge.Where(n => n.IsStoreMember && n.Name != cluster.NodeName))
        {
            try
            {
                return await new Isobar.Protocol.Cluster.Membership.MembershipClient(cluster.Peers.To(holder.Name))
                    .SignAsync(request, deadline: DateTime.UtcNow.AddSeconds(10), cancellationToken: cancellation);
            }
            catch (RpcException e) when (e.StatusCode is StatusCode.Unavailable or StatusCode.DeadlineExceeded)
            {
                LogHolderAway(holder.Name, e.Status.Detail);
            }
            catch (RpcException e)
            {
                throw new ClusterException(e.Status.Detail, e);
            }
        }
        throw new ClusterException("no member that can sign a new one answers: start the daemon on one of the store's machines (`isobar nodes` on a member lists them).");
    }

    public async Task<JoinReply> SignAsync(ActiveCluster cluster, JoinRequest request, CancellationToken cancellation)
    {
        CheckForm(request);
        var inviteKey = StoreKeys.Invite(request.InviteId.Span);
        var (invite, revision) = await CheckInviteAsync(cluster, inviteKey, request, cancellation);
        var roster = (await cluster.Store.ListAsync(StoreKeys.Roster, cancellation)) is var snapshot
            ? Roster.Empty.Apply(new StoreUpdate(true, snapshot.Revision, [.. snapshot.Entries.Select(e => new StoreUpdateEntry(e.Key, e.Value, e.Revision))]))
            : Roster.Empty;
        CheckFree(roster, request);

        using var authority = cluster.Folder.LoadAuthority();
        using var certificate = authority.SignNode(request.SigningRequest.ToByteArray(), request.Node);
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        var record = new NodeRecord { Name = request.Node, Address = request.Address, Fingerprint = PeerNode.FingerprintOf(certificate), JoinedUnixSeconds = now };
        var used = JsonSerializer.SerializeToUtf8Bytes(invite with { UsedBy = request.Node }, MembershipJson.Default.InviteRecord);
        var lease = await cluster.Store.GrantLeaseAsync(TimeSpan.FromHours(24), cancellation);
        // One transaction: an invitation admits one node, a name has one bearer, however many ask at the same time.
        if (!await cluster.Store.TryCommitAsync(
            [
                new StoreChange(inviteKey, used, revision, lease.Id),
                new StoreChange(StoreKeys.Node(request.Node), record.ToJson(), 0),
                new StoreChange(StoreKeys.Evicted(request.Node), null),
            ], cancellation))
            throw new ClusterException("another machine used this invitation or took this name at the same moment: make a new invitation with `isobar cluster invite`.");
        LogAdmitted(request.Node, request.Address);
        var reply = new JoinReply
        {
            ClusterId = cluster.Facts.Id,
            ClusterName = cluster.Facts.Name,
            AuthorityPem = authority.CertificatePem,
            CertificatePem = certificate.ExportCertificatePem(),
        };
        reply.Roster.AddRange(roster.Nodes.Values.Append(record).Select(n => System.Text.Encoding.UTF8.GetString(n.ToJson())));
        reply.ExternalStore.AddRange(cluster.Facts.ExternalStore);
        return reply;
    }

    private void CheckForm(JoinRequest request)
    {
        NodeName.Require(request.Node);
        NodeAddress.Parse(request.Address);
        var skew = DateTimeOffset.FromUnixTimeMilliseconds(request.ClockUnixMs) - time.GetUtcNow();
        if (skew.Duration() > LargestSkew)
        {
            throw new ClusterException($"the clock of {request.Node} is {Describe(skew.Duration())} {(skew < TimeSpan.Zero ? "behind" : "ahead of")} this cluster's: "
                + "set it (for example with chrony or systemd-timesyncd) and join again; the invitation is still good.");
        }
    }

    private async Task<(InviteRecord Invite, long Revision)> CheckInviteAsync(ActiveCluster cluster, string key, JoinRequest request, CancellationToken cancellation)
    {
        const string again = "make a new one with `isobar cluster invite` on a member.";
        var entry = await cluster.Store.GetAsync(key, cancellation);
        var invite = entry is null ? null : JsonSerializer.Deserialize(entry.Value.Span, MembershipJson.Default.InviteRecord);
        if (entry is null || invite is null || !JoinToken.SecretMatches(request.Secret.Span, Convert.FromHexString(invite.SecretHash)))
            throw new ClusterException($"this cluster knows no such invitation: {again}");
        if (invite.UsedBy is { } user)
            throw new ClusterException($"this invitation was used already, by {user}: {again}");
        var late = time.GetUtcNow() - DateTimeOffset.FromUnixTimeSeconds(invite.ExpiresUnixSeconds);
        if (late >= TimeSpan.Zero)
            throw new ClusterException($"this invitation expired {Describe(late)} ago: {again}");
        return (invite, entry.Revision);
    }

    private static void CheckFree(Roster roster, JoinRequest request)
    {
        if (roster.Nodes.TryGetValue(request.Node, out var same))
        {
            throw new ClusterException($"there is a node {request.Node} (at {same.Address}) in the cluster already: give this one another name (isobard --name NODE), "
                + $"or, if it is the same machine set up anew, evict the old one first (`isobar cluster evict {request.Node}`).");
        }
        if (roster.Nodes.Values.FirstOrDefault(n => n.Address == request.Address) is { } neighbour)
            throw new ClusterException($"node {neighbour.Name} is at {request.Address} already: tell this daemon its own address with --advertise ADDRESS:PORT.");
    }

    private static string Describe(TimeSpan time) => time.TotalSeconds < 120 ? $"{time.TotalSeconds:0} s" : time.TotalMinutes < 120 ? $"{time.TotalMinutes:0} min" : $"{time.TotalHours:0} h";

    [LoggerMessage(Level = LogLevel.Information, Message = "cluster: {Node} at {Address} was admitted")]
    private partial void LogAdmitted(string node, string address);

    [LoggerMessage(Level = LogLevel.Warning, Message = "cluster: a join cannot be passed on to {Node}: {Reason}")]
    private partial void LogHolderAway(string node, string reason);
}
