using Isobar.Node.Membership;
using Isobar.Node.Owners;
using Isobar.Node.Settings;

namespace Isobar.Node.Decisions;

/// <summary>Whether guests may come to this node: the last word, whatever gossip told those who ask.</summary>
internal sealed class NodeGate(AdminState admin, OwnerWatch owner, LiveSettings settings, ClusterRuntime runtime)
{
    /// <summary>Null when a job of this home and user may come, else why not.</summary>
    public string? Refusal(string home, uint uid)
    {
        var node = runtime.NodeName;
        if (admin.IsDrained)
            return $"{node} is drained: `isobar node undrain {node}` opens it.";
        // Its own jobs come home whatever holds for guests.
        if (home == node)
            return null;
        if (admin.IsClosing)
            return $"{node} is being shut down.";
        if (admin.IsBlocked)
            return $"{node} is blocked: `isobar node unblock {node}` opens it.";
        if (admin.IsExpelling)
            return $"{node} sends its guests away just now.";
        if (owner.IsPresent)
            return $"{node} takes no guests: its owner is there ({owner.Why}).";
        return settings.ReservationOf(node) is { } reservation && !reservation.IsFor(home, uid) ? $"{node} is {reservation}." : null;
    }
}
