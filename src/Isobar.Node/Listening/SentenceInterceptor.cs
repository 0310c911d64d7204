using Grpc.Core;
using Grpc.Core.Interceptors;
using Isobar.Linux.Kernel;
using Isobar.Protocol;

namespace Isobar.Node.Listening;

/// <summary>Sends our own exceptions' sentences to the caller (status FailedPrecondition); anything unforeseen is logged by gRPC and told in short.</summary>
internal sealed class SentenceInterceptor : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            return await continuation(request, context);
        }
        catch (Exception e) when (Translate(e) is { } translated)
        {
            throw translated;
        }
    }

    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            await continuation(request, responseStream, context);
        }
        catch (Exception e) when (Translate(e) is { } translated)
        {
            throw translated;
        }
    }

    public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            await continuation(requestStream, responseStream, context);
        }
        catch (Exception e) when (Translate(e) is { } translated)
        {
            throw translated;
        }
    }

    private static RpcException? Translate(Exception e) => e switch
    {
        Store.StoreUnavailableException => new RpcException(new Grpc.Core.Status(StatusCode.Unavailable, e.Message, e)),
        IsobarException => new RpcException(new Grpc.Core.Status(StatusCode.FailedPrecondition, e.Message, e)),
        KernelException => new RpcException(new Grpc.Core.Status(StatusCode.Internal, e.Message, e)),
        _ => null,
    };
}
