using Grpc.Core;
using Isobar.Node.Membership;
using Isobar.Protocol.Cluster;

namespace Isobar.Node.Services;

/// <summary>What a machine that is no member yet may ask.</summary>
internal sealed class JoiningService(ClusterRuntime runtime, JoinSigner signer) : Joining.JoiningBase
{
    public override Task<AuthorityReply> Authority(AuthorityRequest request, ServerCallContext context)
    {
        var cluster = runtime.Require();
        return Task.FromResult(new AuthorityReply { AuthorityPem = cluster.Identity.Authority.ExportCertificatePem(), ClusterName = cluster.Facts.Name });
    }

    public override Task<JoinReply> Join(JoinRequest request, ServerCallContext context) => signer.HandleAsync(request, context.CancellationToken);
}
