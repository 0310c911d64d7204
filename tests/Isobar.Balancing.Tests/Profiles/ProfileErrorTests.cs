using System.Text;
using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Tests.Profiles;

public sealed class ProfileErrorTests
{
    [Theory]
    [InlineData("""{ "load": { "policy": "mean" } }""", "name")]
    [InlineData("""{ "name": "x", "load": { "policy": "mosixx" } }""", "Profile 'x', load: there is no load policy 'mosixx'; there are ewma, mean, mosix")]
    [InlineData("""{ "name": "x", "load": { "steps": 1 } }""", "Profile 'x', load: the member \"policy\"")]
    [InlineData("""{ "name": "x", "load": { "policy": "mean", "periodSecond": 2 } }""", "no parameter 'periodSecond'; it has periodSeconds")]
    [InlineData("""{ "name": "x", "load": { "policy": "mean", "periodSeconds": -2 } }""", "is -2; it must be a number from 0.001 to 3600")]
    [InlineData("""{ "name": "x", "load": { "policy": "mean", "periodSeconds": "2" } }""", "must be a number or true or false, not \"2\"")]
    [InlineData("""{ "name": "x", "load": { "policy": "mean", "periodSeconds": 1, "stepSeconds": 2 } }""", "longer than periodSeconds")]
    [InlineData("""{ "name": "x", "dissemination": { "policy": "two-random", "vector": 2.5 } }""", "must be a whole number from 1 to 16")]
    [InlineData("""{ "name": "x", "dissemination": { "policy": "star", "timeoutSeconds": 0.5 } }""", "must be longer than periodSeconds")]
    [InlineData("""{ "name": "x", "dissemination": { "policy": "hierarchical", "outerPeriodSeconds": 0.5 } }""", "outer level")]
    [InlineData("""{ "name": "x", "consideration": { "rules": [ { "policy": "none" }, { "policy": "nope" } ] } }""", "Profile 'x', rule 2: there is no consideration policy 'nope'")]
    [InlineData("""{ "name": "x", "consideration": { "rules": [ { "policy": "lifetime", "verify": 2 } ] } }""", "from 0 to 1")]
    [InlineData("""{ "name": "x", "consideration": { "rules": [ { "policy": "freeze", "blue": 7 } ] } }""", "above the red mark")]
    [InlineData("""{ "name": "x", "consideration": { "rules": [ { "policy": "sprite", "minShort": 7 } ] } }""", "at most its max")]
    [InlineData("""{ "name": "x", "consideration": { "rules": [ { "policy": "condor", "backgroundLoad": 0.6 } ] } }""", "above highLoad")]
    [InlineData("""{ "name": "x", "consideration": { "periodSeconds": 0 } }""", "above 0")]
    [InlineData("""{ "name": "x", "consideration": { "periodSeconds": 86401 } }""", "at most 86400")]
    [InlineData("""{ "name": "x", "consideration": { "scope": "nobody" } }""", "line 1")]
    [InlineData("""{ "name": "x", "lode": { } }""", "lode")]
    [InlineData("{ \"name\": \"x\",\n  \"load\" }", "line 2")]
    [InlineData("null", "empty")]
    public void A_mistake_is_told_in_one_sentence(string json, string part)
    {
        var e = Assert.Throws<BalancingException>(() => ProfileReader.Parse(Encoding.UTF8.GetBytes(json)));
        Assert.Contains(part, e.Message, StringComparison.Ordinal);
        Assert.EndsWith(".", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Fact]
    public void An_unknown_shipped_profile_lists_those_that_are()
    {
        var e = Assert.Throws<BalancingException>(() => ProfileReader.Load("isobarr"));
        Assert.Contains("isobar", e.Message, StringComparison.Ordinal);
        Assert.Contains("JSON file", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Comments_and_trailing_commas_are_allowed_and_booleans_are_switches()
    {
        Profile profile = ProfileReader.Parse("""
            {
              // mine
              "name": "mine",
              "consideration": { "scope": "central", "onNews": true, "rules": [ { "policy": "lifetime", "verify": true, "growth": 0.5, }, ] },
              "move": "checkpoint",
            }
            """u8);
        Assert.Equal((DecisionScope.Central, MoveStyle.Checkpoint, true), (profile.Settings.Scope, profile.Settings.Move, profile.Settings.OnNews));
        Assert.Equal(1, profile.Settings.Rules[0].Parameters["verify"]);
        Profile swept = new(profile.Settings with { Rules = [profile.Settings.Rules[0].With("growth", 2)] });
        Assert.Equal(2, swept.Settings.Rules[0].Parameters["growth"]);
        Assert.Equal(0.5, profile.Settings.Rules[0].Parameters["growth"]);
    }

    [Fact]
    public void Every_policy_says_what_it_is_and_its_defaults_are_allowed()
    {
        Check(Policies.Load);
        Check(Policies.Dissemination);
        Check(Policies.Consideration);

        static void Check<T>(PolicyRegistry<T> registry)
            where T : Delegate
        {
            foreach (Policy<T> policy in registry.All)
            {
                Assert.NotEmpty(policy.Summary);
                Assert.NotEmpty(policy.Source);
                Assert.NotNull(policy.Bind(ParameterValues.DefaultsOf(policy.Name, policy.Parameters)));
                foreach (PolicyParameter p in policy.Parameters)
                {
                    Assert.NotEmpty(p.Meaning);
                    Assert.InRange(p.Default, p.Min, p.Max);
                }
            }
        }
    }
}
