using System.Collections.Concurrent;
using Grpc.Core;
using Isobar.Node.Membership;

namespace Isobar.Node.Listening;

/// <summary>
/// Lets a call through to a service only from where the service says (<see cref="Access"/>). The roster is asked at every call, not only at the handshake, so
/// that an evicted member is out at once even on a connection that it already has.
/// </summary>
internal sealed class AccessMiddleware
{
    private readonly RequestDelegate _next;
    private readonly ClusterRuntime _cluster;

    /// <summary>Calls of members that are being served: streams (a watch, a lease) last as long as their caller likes.</summary>
    private readonly ConcurrentDictionary<HttpContext, PeerNode> _served = new();

    public AccessMiddleware(RequestDelegate next, ClusterRuntime cluster)
    {
        (_next, _cluster) = (next, cluster);
        cluster.MembershipChanged += Follow;
        if (cluster.Current is { } already)
            Follow(already);
    }

    public Task InvokeAsync(HttpContext context)
    {
        var rule = context.GetEndpoint()?.Metadata.GetMetadata<AccessRule>();
        switch (rule?.From)
        {
            case Access.Local when context.Features.Get<PeerCredentials>() is not null:
            case Access.Anybody:
                return _next(context);
            case Access.Members when PeerNode.Of(context) is { } peer:
                return ServeAsync(context, peer);
            default:
                return RefuseAsync(context, "this service cannot be called from here.");
        }
    }

    private void Follow(ActiveCluster? now)
    {
        if (now is not null)
            now.Roster.Changed += _ => CutOff();
        CutOff();
    }

    private async Task ServeAsync(HttpContext context, PeerNode peer)
    {
        _served[context] = peer;
        try
        {
            // Noted first, checked then: a change of the roster in between finds the call.
            if (_cluster.WhyRefused(peer) is { } reason)
            {
                await RefuseAsync(context, reason);
                return;
            }
            context.Features.Set(peer);
            _cluster.Current?.Statuses.Saw(peer.Name);
            await _next(context);
        }
        finally
        {
            _served.TryRemove(context, out _);
        }
    }

    /// <summary>Ends the calls of those who are no members any more.</summary>
    private void CutOff()
    {
        foreach (var (context, peer) in _served)
        {
            if (_cluster.WhyRefused(peer) is not null)
                context.Abort();
        }
    }

    /// <summary>A gRPC answer without a body ("Trailers-Only").</summary>
    private static Task RefuseAsync(HttpContext context, string reason)
    {
        context.Response.StatusCode = StatusCodes.Status200OK;
        context.Response.ContentType = "application/grpc";
        context.Response.Headers["grpc-status"] = ((int)StatusCode.PermissionDenied).ToString(System.Globalization.CultureInfo.InvariantCulture);
        context.Response.Headers["grpc-message"] = Uri.EscapeDataString(reason);
        return Task.CompletedTask;
    }
}
