using Isobar.Balancing.Consideration;
using Isobar.Balancing.Consideration.Balance;
using Isobar.Balancing.Consideration.Memory;
using Isobar.Balancing.Consideration.Owners;
using Isobar.Balancing.Consideration.Placing;
using Isobar.Balancing.Dissemination;
using Isobar.Balancing.Load;

namespace Isobar.Balancing.Profiles;

/// <summary>All policies that profiles can name, by stage.</summary>
public static class Policies
{
    public static PolicyRegistry<LoadFactory> Load { get; } = new(
        "load", MeanLoad.Policy, MosixLoad.Policy, EwmaLoad.Policy, PressureLoad.Policy, RepresentativeLoad.Policy);

    public static PolicyRegistry<DisseminationFactory> Dissemination { get; } = new(
        "dissemination",
        NoDissemination.Policy,
        OracleDissemination.Policy,
        Broadcast.ToAll,
        Broadcast.ToGroup,
        TwoRandom.Policy,
        GossipSettings.Policy,
        Pull.Policy,
        Star.ToAll,
        Star.ToManager,
        Hierarchical.Policy,
        Piggyback.Policy);

    public static PolicyRegistry<RuleFactory> Consideration { get; } = new(
        "consideration",
        [
            .. On(
                Ground.Gain,
                StayRule.Policy,
                RandomRule.Policy,
                RoundRobinRule.Policy,
                BestOfRule.Policy,
                LeastLoadedRule.Policy,
                PoolRule.Policy,
                ProcessTableRule.Policy,
                SignatureRule.Policy,
                LifetimeRule.Policy,
                ThresholdRule.Policy,
                KerrighedRule.Policy,
                RbtRule.Policy,
                OpportunityCostRule.Policy,
                ForkHistoryRule.Policy,
                DataAffinityRule.Policy,
                InTurnRule.Policy,
                GlobalMemoryRule.AnyNode,
                GlobalMemoryRule.ServersOnly),
            .. On(
                Ground.Need,
                MemoryUsheringRule.Policy,
                SpriteRule.Policy,
                CondorRule.Policy,
                FreezeRule.Policy,
                ReclaimRule.Policy,
                FederationRule.Policy),
            .. On(
                Ground.NeedInEveryProfile,
                EvacuateRule.Policy,
                LimitsRule.Policy,
                OwnerRule.Policy),
        ]);

    private static IEnumerable<Policy<RuleFactory>> On(Ground ground, params IEnumerable<Policy<RuleFactory>> policies) => policies.Select(policy => policy with
    {
        Bind = values =>
        {
            RuleFactory make = policy.Bind(values);
            return self => make(self).On(ground);
        },
    });
}
