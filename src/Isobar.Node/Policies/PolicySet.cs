using Isobar.Balancing.Consideration;
using Isobar.Balancing.Dissemination;
using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;

namespace Isobar.Node.Policies;

/// <summary>The three stages of one profile for this node, as they run now. Replaced as a whole when profile, members or cores change.</summary>
internal sealed class PolicySet
{
    // What a live node has instead of perfect knowledge, which only a simulator can provide: our own gossip with its usual constants.
    private static readonly StageSettings Possible = new("gossip");

    private PolicySet(Profile profile, double wantedAge, NodeNumbers numbers, LoadCalculator load, DisseminationProtocol protocol, RuleChain rules, RuleChain evacuation) =>
        (Profile, WantedAge, Numbers, Load, Protocol, Rules, Evacuation) = (profile, wantedAge, numbers, load, protocol, rules, evacuation);

    public Profile Profile { get; }

    public double WantedAge { get; }

    public NodeNumbers Numbers { get; }

    public LoadCalculator Load { get; }

    public DisseminationProtocol Protocol { get; }

    public RuleChain Rules { get; }

    /// <summary>For a node that is drained, whatever the profile says.</summary>
    public RuleChain Evacuation { get; }

    public bool HasRules => Rules.Rules.Length > 0;

    /// <summary>Makes the stages anew, or only those that a change concerns: what they have learnt is kept where it still holds.</summary>
    /// <param name="before">What ran until now.</param>
    /// <param name="profile">The profile.</param>
    /// <param name="numbers">The members.</param>
    /// <param name="cores">This machine's cores.</param>
    /// <param name="wantedAge">Wanted mean age of the knowledge of others; 0 = as the profile says.</param>
    public static PolicySet Create(PolicySet? before, Profile profile, NodeNumbers numbers, CoreSet cores, double wantedAge)
    {
        var live = Adapted(profile, wantedAge);
        var keeps = before is not null && ReferenceEquals(before.Profile, profile) && before.Numbers.Self == numbers.Self;
        var protocol = live.CreateDissemination(numbers.Self, numbers.Roster);
        if (before is not null)
        {
            foreach (ref readonly var entry in before.Protocol.View.Entries)
            {
                if (numbers.IsMember(entry.Node) && entry.Node != numbers.Self)
                    protocol.View.Merge(in entry);
            }
        }

        return new PolicySet(
            profile,
            wantedAge,
            numbers,
            keeps && ReferenceEquals(before!.Load.Cores, cores) ? before.Load : live.CreateLoad(cores),
            protocol,
            keeps ? before!.Rules : live.CreateRules(numbers.Self),
            new RuleChain(Isobar.Balancing.Profiles.Policies.Consideration.Bind("evacuate", "drain", [])(numbers.Self)));
    }

    private static Profile Adapted(Profile profile, double wantedAge)
    {
        var stage = profile.Settings.Dissemination.Policy == "oracle" ? Possible : profile.Settings.Dissemination;
        if (wantedAge > 0 && stage.Policy == "gossip")
            stage = stage.With("wantedMeanAgeSeconds", wantedAge);
        return stage == profile.Settings.Dissemination ? profile : new Profile(profile.Settings with { Dissemination = stage });
    }
}
