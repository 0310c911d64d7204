using Isobar.Balancing.Consideration;
using Isobar.Balancing.Dissemination;
using Isobar.Balancing.Load;

namespace Isobar.Balancing.Profiles;

/// <summary>Who considers.</summary>
public enum DecisionScope
{
    /// <summary>Every node for its own jobs (decentralised).</summary>
    EachNode,

    /// <summary>One node for all jobs (centralised): central consideration.</summary>
    Central,
}

/// <summary>How a job is moved.</summary>
public enum MoveStyle
{
    /// <summary>All memory while it stands still.</summary>
    Eager,

    /// <summary>It runs at the target at once, memory follows by demand.</summary>
    Lazy,

    /// <summary>Written to a checkpoint, started again from there.</summary>
    Checkpoint,

    /// <summary>Never: placement at the start only.</summary>
    None,
}

/// <summary>
/// A named combination of the three stages with parameters. Immutable; made by the profile reader from JSON or in code, and checked
/// when it is made, so that a profile that exists can be run.
/// </summary>
public sealed class Profile
{
    private readonly LoadFactory _load;
    private readonly DisseminationFactory _dissemination;
    private readonly RuleFactory[] _rules;

    /// <exception cref="BalancingException">A name or a parameter is wrong.</exception>
    public Profile(ProfileSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        Settings = settings;
        string where = $"Profile '{settings.Name}'";
        if (string.IsNullOrWhiteSpace(settings.Name))
            throw new BalancingException("A profile needs a name; write \"name\": \"...\" at its top.");
        if (!(settings.PeriodSeconds > 0 && settings.PeriodSeconds <= 86400))
            throw new BalancingException($"{where}: the consideration's period is {settings.PeriodSeconds} s; it must be above 0 and at most 86400.");
        _load = Policies.Load.Bind(settings.Load.Policy, $"{where}, load", settings.Load.Parameters);
        _dissemination = Policies.Dissemination.Bind(settings.Dissemination.Policy, $"{where}, dissemination", settings.Dissemination.Parameters);
        _rules = new RuleFactory[settings.Rules.Count];
        for (int i = 0; i < _rules.Length; i++)
            _rules[i] = Policies.Consideration.Bind(settings.Rules[i].Policy, $"{where}, rule {i + 1}", settings.Rules[i].Parameters);
    }

    public ProfileSettings Settings { get; }

    public string Name => Settings.Name;

    public LoadCalculator CreateLoad(CoreSet cores) => _load(cores);

    public DisseminationProtocol CreateDissemination(NodeId self, Roster roster) => _dissemination(self, roster);

    public RuleChain CreateRules(NodeId self)
    {
        var rules = new ConsiderationRule[_rules.Length];
        for (int i = 0; i < rules.Length; i++)
            rules[i] = _rules[i](self);
        return new RuleChain(rules);
    }
}

/// <summary>What a profile says, before it is checked.</summary>
public sealed record ProfileSettings
{
    public required string Name { get; init; }

    public string Title { get; init; } = "";

    /// <summary>Where its constants come from.</summary>
    public string Source { get; init; } = "";

    public StageSettings Load { get; init; } = new("mean");

    public StageSettings Dissemination { get; init; } = new("none");

    public IReadOnlyList<StageSettings> Rules { get; init; } = [];

    public DecisionScope Scope { get; init; }

    /// <summary>Seconds between two periodic considerations.</summary>
    public double PeriodSeconds { get; init; } = 1;

    /// <summary>Consider when a job arrives too.</summary>
    public bool OnArrival { get; init; }

    /// <summary>Consider when a job ends or leaves.</summary>
    public bool OnDeparture { get; init; }

    /// <summary>Consider when news of others came in.</summary>
    public bool OnNews { get; init; }

    public MoveStyle Move { get; init; }
}
