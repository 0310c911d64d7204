using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Tests.Profiles;

/// <summary>The constants of systems.md as the policies have them by default; the section is named beside each.</summary>
public sealed class PublishedConstantsTests
{
    [Theory]
    [InlineData("load", "mosix", "periodSeconds", 1)] // A1
    [InlineData("load", "mosix", "perCapacity", 1)]
    [InlineData("load", "ewma", "periodSeconds", 5)] // S13.2
    [InlineData("load", "ewma", "shortSeconds", 60)]
    [InlineData("load", "ewma", "mediumSeconds", 300)]
    [InlineData("load", "ewma", "longSeconds", 900)]
    [InlineData("dissemination", "two-random", "periodSeconds", 1)] // A2a
    [InlineData("dissemination", "two-random", "vector", 8)]
    [InlineData("dissemination", "two-random", "recentSeconds", 10)]
    [InlineData("dissemination", "two-random", "refreshInPlace", 1)]
    [InlineData("dissemination", "gossip", "periodSeconds", 0.5)] // A2b
    [InlineData("dissemination", "gossip", "window", 16)]
    [InlineData("dissemination", "gossip", "anyOneIn", 5)]
    [InlineData("dissemination", "pull", "periodSeconds", 1)] // S20.2
    [InlineData("dissemination", "pull", "fanout", 0)]
    [InlineData("dissemination", "central", "periodSeconds", 60)] // S13.2
    [InlineData("dissemination", "central", "tickSeconds", 5)]
    [InlineData("dissemination", "central", "timeoutSeconds", 180)]
    [InlineData("dissemination", "central", "reportChanges", 1)]
    [InlineData("dissemination", "piggyback", "fallbackSeconds", 1)] // A11
    [InlineData("dissemination", "piggyback", "spacingSeconds", 0.25)]
    [InlineData("dissemination", "piggyback", "extraEntries", 2)]
    [InlineData("consideration", "best-of", "choices", 2)]
    [InlineData("consideration", "least-loaded", "within", 0.05)] // S23.3
    [InlineData("consideration", "threshold", "stability", 0.3)] // A3
    [InlineData("consideration", "kerrighed", "alarm", 1.5)] // A6
    [InlineData("consideration", "kerrighed", "spacingSeconds", 2)]
    [InlineData("consideration", "kerrighed", "stabilityPercent", 130)]
    [InlineData("consideration", "kerrighed", "noneInProgress", 0)]
    [InlineData("consideration", "rbt", "userWeight", 1)] // A6b
    [InlineData("consideration", "opportunity-cost", "factor", 1)] // A4
    [InlineData("consideration", "lifetime", "residence", 0)] // A5: nothing is damped in the paper
    [InlineData("consideration", "lifetime", "growth", 0)]
    [InlineData("consideration", "lifetime", "others", 0)]
    [InlineData("consideration", "lifetime", "periodic", 0)]
    [InlineData("consideration", "sprite", "noInputSeconds", 30)] // S13.3
    [InlineData("consideration", "sprite", "maxAgeSeconds", 180)]
    [InlineData("consideration", "condor", "startIdleSeconds", 900)] // S2.3
    [InlineData("consideration", "condor", "continueIdleSeconds", 300)]
    [InlineData("consideration", "condor", "maxSuspendSeconds", 600)]
    [InlineData("consideration", "condor", "maxVacateSeconds", 600)]
    [InlineData("consideration", "condor", "checkpointSeconds", 10800)]
    [InlineData("consideration", "freeze", "red", 6)] // A9
    [InlineData("consideration", "freeze", "blue", 4)]
    [InlineData("consideration", "freeze", "autoHome", 0)]
    [InlineData("consideration", "freeze", "autoCluster", 4)]
    [InlineData("consideration", "freeze", "minKeep", 0)]
    [InlineData("consideration", "freeze", "maxRunning", -1)]
    [InlineData("consideration", "freeze", "sliceMinutes", 10)]
    public void A_default_is_the_published_constant(string stage, string policy, string parameter, double value)
    {
        IReadOnlyList<PolicyParameter> parameters = stage switch
        {
            "load" => Policies.Load.Get(policy, "test").Parameters,
            "dissemination" => Policies.Dissemination.Get(policy, "test").Parameters,
            _ => Policies.Consideration.Get(policy, "test").Parameters,
        };
        Assert.Equal(value, parameters.Single(p => p.Name == parameter).Default);
    }

    [Theory]
    [InlineData("openmosix", 1, DecisionScope.EachNode, MoveStyle.Eager)]
    [InlineData("mosix2-gossip", 1, DecisionScope.EachNode, MoveStyle.Eager)]
    [InlineData("kerrighed", 1, DecisionScope.EachNode, MoveStyle.Eager)]
    [InlineData("sprite", 5, DecisionScope.Central, MoveStyle.Eager)]
    [InlineData("condor", 30, DecisionScope.Central, MoveStyle.Checkpoint)]
    [InlineData("glunix", 20, DecisionScope.Central, MoveStyle.None)]
    [InlineData("amoeba-pool", 3600, DecisionScope.Central, MoveStyle.None)]
    public void A_profile_decides_where_when_and_how_its_system_did(string name, double period, DecisionScope scope, MoveStyle move)
    {
        ProfileSettings settings = ProfileReader.Load(name).Settings;
        Assert.Equal((period, scope, move), (settings.PeriodSeconds, settings.Scope, settings.Move));
    }
}
