using Grpc.Core;
using Isobar.Node.Store;
using Isobar.Node.Store.Supervision;
using Isobar.Protocol;
using Isobar.Protocol.Cluster;
using Isobar.Protocol.Naming;
using MembershipClient = Isobar.Protocol.Cluster.Membership.MembershipClient;

namespace Isobar.Node.Membership;

/// <summary>Carries out <see cref="StoreDecision"/>s. Each can be cut off anywhere and is found and finished by the next look.</summary>
internal sealed partial class StoreSteps(ActiveCluster cluster, StoreMembers members, ILogger log)
{
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(15);

    private readonly ILogger _log = log;

    /// <returns>Whether something was done, so that there may be more to do.</returns>
    public async Task<bool> TakeOneAsync(Roster roster, CancellationToken cancellation)
    {
        if (cluster.Facts.ExternalStore.Length > 0)
            return await ShareAuthorityAsync(roster, cancellation);
        var known = await members.ListAsync(cancellation);
        var decision = StoreDecision.Next(roster, known, cluster.NodeName, IsUp, PeerUrl);
        switch (decision)
        {
            case StoreDecision.Add add:
                await AddAsync(add.Node, cancellation);
                break;
            case StoreDecision.Promote promote:
                await PromoteAsync(promote, known, cancellation);
                break;
            case StoreDecision.Remove remove:
                await RemoveAsync(remove, cancellation);
                break;
            case StoreDecision.Note note:
                if (!note.IsMember)
                    await TryStopAsync(note.Node, cancellation);
                await NoteAsync(note.Node, note.IsMember, cancellation);
                break;
        }
        return decision is not null;
    }

    private static string PeerUrl(NodeRecord node) => StorePlan.PeerUrl(NodeAddress.Parse(node.Address));

    private bool IsUp(string node) => node == cluster.NodeName || cluster.Statuses.Of(node).IsUp;

    private MembershipClient Node(string name) => new(cluster.Peers.To(name));

    private static CallOptions Call(CancellationToken cancellation) => new(deadline: DateTime.UtcNow + CallTimeout, cancellationToken: cancellation);

    private async Task AddAsync(string node, CancellationToken cancellation)
    {
        using var authority = cluster.Folder.LoadAuthority();
        var ready = await Node(node).PrepareStoreMemberAsync(new PrepareStoreMemberRequest { AuthorityKeyPem = authority.KeyPem }, Call(cancellation));
        if (await members.TryAddLearnerAsync(ready.PeerUrl, cancellation))
            LogAdded(node);
        else
            await Task.Delay(TimeSpan.FromSeconds(1), cancellation);
    }

    private async Task PromoteAsync(StoreDecision.Promote promote, IReadOnlyList<StoreMemberInfo> known, CancellationToken cancellation)
    {
        if (promote.Member.Name.Length == 0)
        {
            var initial = string.Join(',', known.Select(m => $"{(m.Id == promote.Member.Id ? promote.Node : m.Name)}={m.PeerUrl}"));
            await Node(promote.Node).StartStoreMemberAsync(new StartStoreMemberRequest { InitialCluster = initial }, Call(cancellation));
        }
        else if (await members.TryPromoteAsync(promote.Member.Id, cancellation))
        {
            LogPromoted(promote.Node);
            await NoteAsync(promote.Node, true, cancellation);
        }
    }

    private async Task RemoveAsync(StoreDecision.Remove remove, CancellationToken cancellation)
    {
        await members.RemoveAsync(remove.Member.Id, cancellation);
        LogRemoved(remove.Node ?? (remove.Member.Name.Length > 0 ? remove.Member.Name : remove.Member.PeerUrl));
        if (remove.Node is null)
            return;
        await TryStopAsync(remove.Node, cancellation);
        await NoteAsync(remove.Node, false, cancellation);
    }

    private async Task TryStopAsync(string node, CancellationToken cancellation)
    {
        try
        {
            await Node(node).StopStoreMemberAsync(new StopStoreMemberRequest(), Call(cancellation));
        }
        catch (Exception e) when (e is RpcException or IsobarException)
        {
            // It is away; the store has turned its back on it already.
            LogNotStopped(node, e.Message);
        }
    }

    private async Task NoteAsync(string node, bool isMember, CancellationToken cancellation)
    {
        if (await cluster.Store.GetAsync(StoreKeys.Node(node), cancellation) is not { } entry)
            return;
        var record = NodeRecord.FromJson(entry.Value.Span) with { IsStoreMember = isMember };
        await cluster.Store.TryCommitAsync([new StoreChange(entry.Key, record.ToJson(), entry.Revision)], cancellation);
        // The next decision must see it.
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(CallTimeout);
        await cluster.Roster.WaitAsync(r => !r.Nodes.TryGetValue(node, out var now) || now.IsStoreMember == isMember, limit.Token);
    }

    /// <summary>With a store of the administrator's own only the authority's key is spread, to the three oldest nodes.</summary>
    private async Task<bool> ShareAuthorityAsync(Roster roster, CancellationToken cancellation)
    {
        var holders = roster.ByAge.Where(n => !n.IsLeaving).Take(StoreDecision.Most).Select(n => n.Name).ToHashSet();
        foreach (var node in roster.Nodes.Values.Where(n => n.IsStoreMember != holders.Contains(n.Name) && IsUp(n.Name)))
        {
            if (holders.Contains(node.Name))
            {
                using var authority = cluster.Folder.LoadAuthority();
                if (node.Name != cluster.NodeName)
                    await Node(node.Name).PrepareStoreMemberAsync(new PrepareStoreMemberRequest { AuthorityKeyPem = authority.KeyPem }, Call(cancellation));
            }
            else if (roster.Nodes.Values.Any(n => n.IsStoreMember && holders.Contains(n.Name)))
            {
                await TryStopAsync(node.Name, cancellation);
            }
            else
            {
                continue;
            }
            await NoteAsync(node.Name, holders.Contains(node.Name), cancellation);
            return true;
        }
        return false;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "store: {Node} is added, without a vote yet")]
    private partial void LogAdded(string node);

    [LoggerMessage(Level = LogLevel.Information, Message = "store: {Node} has caught up and votes")]
    private partial void LogPromoted(string node);

    [LoggerMessage(Level = LogLevel.Information, Message = "store: {Node} is not a member any more")]
    private partial void LogRemoved(string node);

    [LoggerMessage(Level = LogLevel.Debug, Message = "store: {Node} could not be told to stop its member: {Reason}")]
    private partial void LogNotStopped(string node, string reason);
}
