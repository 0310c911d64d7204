using Grpc.Core;
using Grpc.Core.Interceptors;
using Isobar.Node.Membership;
using Isobar.Node.Peers;

namespace Isobar.Node.Listening;

/// <summary>The called side: takes the load that rode here with a member's call, and lets some ride back with the answer.</summary>
internal sealed class LoadRideInterceptor(ClusterRuntime runtime) : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        var caller = Take(context);
        var answer = await continuation(request, context);
        if (caller is not null && runtime.Ride.GetOn?.Invoke(caller) is { } load)
            context.ResponseTrailers.Add(LoadRide.Header, load);
        return answer;
    }

    public override Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        Take(context);
        return continuation(request, responseStream, context);
    }

    /// <summary>The member that calls; null when it is none (the command, or somebody who joins).</summary>
    private string? Take(ServerCallContext context)
    {
        if (runtime.Ride.GetOff is not { } getOff || PeerNode.Of(context.GetHttpContext()) is not { } caller || runtime.WhyRefused(caller) is not null)
            return null;
        if (context.RequestHeaders.GetValueBytes(LoadRide.Header) is { } load)
            getOff(caller.Name, load);
        return caller.Name;
    }
}
