using Isobar.Balancing;
using Isobar.Balancing.Consideration;
using Isobar.Balancing.Consideration.Owners;
using Isobar.Balancing.Dissemination;
using Isobar.Balancing.Load;
using Isobar.Balancing.Profiles;

namespace Isobar.Node.Policies;

/// <summary>The three stages of one profile for this node, as they run now. Replaced as a whole when profile, members or cores change.</summary>
internal sealed class PolicySet
{
    // What a live node has instead of perfect knowledge, which only a simulator can provide: our own gossip with its usual constants.
    private static readonly StageSettings Possible = new("gossip");

    private PolicySet(Profile profile, OwnerRules ownerRules, double wantedAge, NodeNumbers numbers, LoadCalculator load, DisseminationProtocol protocol, RuleChain rules)
    {
        (Profile, OwnerRules, WantedAge, Numbers, Load, Protocol, Rules) = (profile, ownerRules, wantedAge, numbers, load, protocol, rules);
        // Kerrighed's RBT counts the users at the terminals.
        LooksAtInput = profile.Settings.Rules.Any(rule => rule.Policy is "sprite" or "condor" or "owner" or "rbt" || rule.Parameters.GetValueOrDefault("noInputSeconds") > 0);
        TakesTurns = profile.Settings.Rules.Any(rule => rule.Policy == "in-turn");
        WatchesOwner = profile.Settings.Rules.Any(rule => rule.Policy is "sprite" or "condor");
        // What Condor's rule suspends it also lets go on, by its own times.
        var resumes = !profile.Settings.Rules.Any(rule => rule.Policy == "condor");
        ConsiderationRule[] first =
        [
            Rule("limits"),
            Rule("owner", ("quietSeconds", ownerRules.IsEmpty ? 0 : ownerRules.QuietSeconds), ("freeze", ownerRules.Freeze ? 1 : 0), ("patienceSeconds", ownerRules.PatienceSeconds), ("resumes", resumes ? 1 : 0)),
        ];
        First = new RuleChain(first);
        All = new RuleChain([.. first, .. rules.Rules]);
        Evacuation = new RuleChain(Rule("evacuate"));
        Expulsion = new RuleChain([Rule("evacuate", ("ownJobsToo", 0)), .. first, .. rules.Rules]);

        ConsiderationRule Rule(string policy, params (string Name, double Value)[] parameters) =>
            Isobar.Balancing.Profiles.Policies.Consideration.Bind(policy, "this node", parameters.Select(p => KeyValuePair.Create(p.Name, p.Value)))(numbers.Self);
    }

    public Profile Profile { get; }

    public double WantedAge { get; }

    public NodeNumbers Numbers { get; }

    public LoadCalculator Load { get; }

    public DisseminationProtocol Protocol { get; }

    /// <summary>Whether the profile has a rule that asks for the owner's input.</summary>
    public bool LooksAtInput { get; }

    /// <summary>Whether a rule must be asked on a machine without jobs too, because it follows the owner and tells by that whether guests may come.</summary>
    public bool WatchesOwner { get; }

    /// <summary>Whether the profile lets jobs run in the background while others have their turn.</summary>
    public bool TakesTurns { get; }

    /// <summary>Who decides for all where jobs start, in a profile that is central; none when each node decides.</summary>
    public NodeId Manager => Profile.Settings.Scope != DecisionScope.Central ? NodeId.None
        : Protocol is Star star ? star.Master
        : Numbers.Roster.Count > 0 ? Numbers.Roster[0] : NodeId.None;

    /// <summary>The profile's.</summary>
    public RuleChain Rules { get; }

    /// <summary>The rules for this machine's owner.</summary>
    public OwnerRules OwnerRules { get; }

    /// <summary>What goes before every profile: where jobs may be, and the owner.</summary>
    public RuleChain First { get; }

    /// <summary>These and the profile's.</summary>
    public RuleChain All { get; }

    /// <summary>For a node that is drained, whatever the profile says.</summary>
    public RuleChain Evacuation { get; }

    /// <summary>For a node whose guests must go.</summary>
    public RuleChain Expulsion { get; }

    public bool HasRules => Rules.Rules.Length > 0;

    /// <summary>The profile places jobs at their start and moves none later.</summary>
    public bool MovesNone => Profile.Settings.Move == MoveStyle.None;

    /// <summary>Whether an action is a move that the profile does not make; what must be in every profile it does.</summary>
    public bool Forbids(in PlannedAction action) => MovesNone && action.Kind == ActionKind.Move && action.Ground != Ground.NeedInEveryProfile;

    /// <summary>Makes the stages anew, or only those that a change concerns: what they have learnt is kept where it still holds.</summary>
    /// <param name="before">What ran until now.</param>
    /// <param name="profile">The profile.</param>
    /// <param name="numbers">The members.</param>
    /// <param name="cores">This machine's cores.</param>
    /// <param name="ownerRules">The rules for this machine's owner.</param>
    /// <param name="wantedAge">Wanted mean age of the knowledge of others; 0 = as the profile says.</param>
    public static PolicySet Create(PolicySet? before, Profile profile, NodeNumbers numbers, CoreSet cores, OwnerRules ownerRules, double wantedAge)
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
            ownerRules,
            wantedAge,
            numbers,
            keeps && ReferenceEquals(before!.Load.Cores, cores) ? before.Load : live.CreateLoad(cores),
            protocol,
            keeps ? before!.Rules : live.CreateRules(numbers.Self));
    }

    private static Profile Adapted(Profile profile, double wantedAge)
    {
        var stage = profile.Settings.Dissemination.Policy == "oracle" ? Possible : profile.Settings.Dissemination;
        if (wantedAge > 0 && stage.Policy == "gossip")
            stage = stage.With("wantedMeanAgeSeconds", wantedAge);
        return stage == profile.Settings.Dissemination ? profile : new Profile(profile.Settings with { Dissemination = stage });
    }
}
