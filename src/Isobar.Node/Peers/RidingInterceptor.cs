using Grpc.Core;
using Grpc.Core.Interceptors;

namespace Isobar.Node.Peers;

/// <summary>The caller's side: load rides to one node with each call's headers, and back with the trailers of its answer.</summary>
internal sealed class RidingInterceptor(string node, LoadRide ride) : Interceptor
{
    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncUnaryCallContinuation<TRequest, TResponse> continuation)
    {
        var call = continuation(request, With(context));
        return new AsyncUnaryCall<TResponse>(AnswerAsync(call), call.ResponseHeadersAsync, call.GetStatus, call.GetTrailers, call.Dispose);
    }

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncServerStreamingCallContinuation<TRequest, TResponse> continuation) =>
        continuation(request, With(context));

    private async Task<TResponse> AnswerAsync<TResponse>(AsyncUnaryCall<TResponse> call)
    {
        var answer = await call.ResponseAsync;
        if (ride.GetOff is { } getOff && call.GetTrailers().GetValueBytes(LoadRide.Header) is { } load)
            getOff(node, load);
        return answer;
    }

    private ClientInterceptorContext<TRequest, TResponse> With<TRequest, TResponse>(ClientInterceptorContext<TRequest, TResponse> context)
        where TRequest : class
        where TResponse : class
    {
        if (ride.GetOn?.Invoke(node) is not { } load)
            return context;
        var headers = context.Options.Headers ?? [];
        headers.Add(LoadRide.Header, load);
        return new ClientInterceptorContext<TRequest, TResponse>(context.Method, context.Host, context.Options.WithHeaders(headers));
    }
}
