using Grpc.Core;
using Isobar.Node.Decisions;
using Isobar.Node.Jobs;
using Isobar.Node.Listening;
using Isobar.Node.Policies;
using Isobar.Node.Settings;
using Isobar.Protocol.Balance;

namespace Isobar.Node.Services;

/// <summary>What members ask each other about balancing.</summary>
internal sealed class PeerBalanceService(Offers offers, LivePolicies policies, HomeMoves moves, Administration administration, OwnerDesk owner, WhyDesk why, LiveSettings settings) : PeerBalance.PeerBalanceBase
{
    public override Task<OfferReply> Offer(OfferRequest request, ServerCallContext context) =>
        Task.FromResult(offers.Judge(Caller(context), request, settings.MovesAtOnce));

    public override Task<PlaceReply> Place(PlaceRequest request, ServerCallContext context) => Task.FromResult(policies.PlaceFor(Caller(context), request));

    public override Task<MoveJobReply> Move(MoveJobRequest request, ServerCallContext context) =>
        moves.MoveAsync(Caller(context), request, context.CancellationToken);

    public override Task<WhyReply> Why(WhyRequest request, ServerCallContext context) => why.AtHomeAsync(request, context.CancellationToken);

    public override Task<WhyReply> WhyHere(WhyRequest request, ServerCallContext context) => Task.FromResult(why.Here(request.Job));

    public override Task<AdminReply> Admin(AdminRequest request, ServerCallContext context) => administration.DoAsync(request, context.CancellationToken);

    public override Task<OwnerReply> Owner(OwnerRequest request, ServerCallContext context) => Task.FromResult(owner.Here());

    private static string Caller(ServerCallContext context) =>
        PeerNode.Of(context.GetHttpContext())?.Name ?? throw new JobException("the caller showed no certificate of a node.");
}
