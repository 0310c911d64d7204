using Grpc.Core;
using Isobar.Node.Membership;

namespace Isobar.Node.Listening;

/// <summary>
/// Lets a call through to a service only from where the service says (<see cref="Access"/>). The roster is asked at every call, not only at the handshake, so
/// that an evicted member is out at once even on a connection that it already has.
/// </summary>
internal sealed class AccessMiddleware(RequestDelegate next, ClusterRuntime cluster)
{
    public Task InvokeAsync(HttpContext context)
    {
        var rule = context.GetEndpoint()?.Metadata.GetMetadata<AccessRule>();
        switch (rule?.From)
        {
            case Access.Local when context.Features.Get<PeerCredentials>() is not null:
            case Access.Anybody:
                return next(context);
            case Access.Members when PeerNode.Of(context) is { } peer:
                if (cluster.WhyRefused(peer) is { } reason)
                    return RefuseAsync(context, reason);
                context.Features.Set(peer);
                cluster.Current?.Statuses.Saw(peer.Name);
                return next(context);
            default:
                return RefuseAsync(context, "this service cannot be called from here.");
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
