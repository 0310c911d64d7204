using System.Text.Json;
using Isobar.Node.Store;
using Isobar.Protocol.Cluster;
using Isobar.Protocol.Security;

namespace Isobar.Node.Membership;

/// <summary>Makes the tokens by which machines join.</summary>
internal sealed class Inviter(ClusterRuntime runtime, TimeProvider time)
{
    public static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    /// <summary>A used or expired invitation is remembered this long, so that its bearer is told what is wrong with it.</summary>
    private static readonly TimeSpan Remembered = TimeSpan.FromHours(24);

    public async Task<(string Address, JoinToken Token, DateTimeOffset Expires)> InviteAsync(TimeSpan timeToLive, CancellationToken cancellation)
    {
        if (timeToLive < Shortest || timeToLive > Longest)
            throw new ClusterException($"an invitation can live from one second to {Longest.TotalHours:0} hours: choose --ttl in between.");
        var cluster = runtime.Require();
        var token = JoinToken.Create(ClusterAuthority.Fingerprint(cluster.Identity.Authority));
        var expires = time.GetUtcNow() + timeToLive;
        var record = new InviteRecord { SecretHash = Convert.ToHexStringLower(JoinToken.HashSecret(token.Secret)), ExpiresUnixSeconds = expires.ToUnixTimeSeconds() };
        // The lease only clears away; whether the invitation holds is decided by the time in the record.
        var lease = await cluster.Store.GrantLeaseAsync(timeToLive + Remembered, cancellation);
        var json = JsonSerializer.SerializeToUtf8Bytes(record, MembershipJson.Default.InviteRecord);
        await cluster.Store.TryCommitAsync([new StoreChange(StoreKeys.Invite(token.InviteId), json, 0, lease.Id)], cancellation);
        return (cluster.Roster.Current.Nodes[cluster.NodeName].Address, token, expires);
    }
}
