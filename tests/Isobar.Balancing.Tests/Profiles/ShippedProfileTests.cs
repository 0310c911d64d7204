using System.Text;
using Isobar.Balancing.Profiles;

namespace Isobar.Balancing.Tests.Profiles;

public sealed class ShippedProfileTests
{
    public static TheoryData<string> Names => [.. ProfileReader.Shipped];

    [Fact]
    public void Every_system_of_the_review_has_a_profile()
    {
        string[] systems =
        [
            "openmosix", "mosix2-gossip", "mosix-oppcost", "kerrighed", "kerrighed-rbt", "openssi", "sprite", "condor", "glunix", "amoeba-pool",
            "concert", "nomad", "hurricane", "guide", "gms", "rms", "random", "round-robin", "local", "isobar",
        ];
        Assert.Empty(systems.Except(ProfileReader.Shipped));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_shipped_profile_makes_all_three_stages(string name)
    {
        Profile profile = ProfileReader.Load(name);
        Assert.Equal(name, profile.Name);
        Assert.NotEmpty(profile.Settings.Title);
        Assert.NotEmpty(profile.Settings.Source);
        var roster = new RangeRoster(12, 4);
        Assert.Equal(profile.Settings.Load.Policy, profile.CreateLoad(Balancing.Load.CoreSet.Uniform(4)).Name);
        Assert.Equal(profile.Settings.Dissemination.Policy, profile.CreateDissemination(new NodeId(3), roster).Name);
        var rules = profile.CreateRules(new NodeId(3)).Rules.ToArray();
        Assert.Equal(profile.Settings.Rules.Select(r => r.Policy), rules.Select(r => r.Name));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_profile_survives_being_written_and_read(string name)
    {
        ProfileSettings settings = ProfileReader.Load(name).Settings;
        string json = ProfileReader.Write(settings);
        ProfileSettings again = ProfileReader.Parse(Encoding.UTF8.GetBytes(json)).Settings;
        Assert.Equal(json, ProfileReader.Write(again));
        Assert.Equal(settings.Rules.Count, again.Rules.Count);
        Assert.Equal(settings.PeriodSeconds, again.PeriodSeconds);
        Assert.Equal(settings.Scope, again.Scope);
        Assert.Equal(settings.Move, again.Move);
        Assert.Equal(settings.Load.Parameters, again.Load.Parameters);
    }
}
