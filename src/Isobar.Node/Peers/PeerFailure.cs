using Grpc.Core;

namespace Isobar.Node.Peers;

/// <summary>What a failed call to another node means.</summary>
internal static class PeerFailure
{
    /// <summary>
    /// The connection is broken, and nothing is known of the node itself: one from before a cut or a restart is found dead only by using it. gRPC calls some of
    /// these unavailable and others internal errors.
    /// </summary>
    public static bool IsBrokenConnection(RpcException e) =>
        e.StatusCode == StatusCode.Unavailable || e.Status.DebugException is HttpRequestException or IOException;
}
