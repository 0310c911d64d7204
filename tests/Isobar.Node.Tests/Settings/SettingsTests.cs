using System.Text;
using Isobar.Node.Settings;
using Isobar.Node.Store;
using Isobar.Protocol.Cluster;

namespace Isobar.Node.Tests.Settings;

public sealed class SettingsTests
{
    [Fact]
    public void A_nodes_own_value_goes_before_the_clusters_and_that_before_the_default()
    {
        var values = SettingValues.Empty;
        Assert.Equal("isobar", values.Of(SettingKind.Profile, "alpha"));
        values = values.Apply(Update((SettingValues.KeyOf("profile", ""), "openmosix")));
        Assert.Equal("openmosix", values.Of(SettingKind.Profile, "alpha"));
        values = values.Apply(Update((SettingValues.KeyOf("profile", "alpha"), "sprite")));
        Assert.Equal("sprite", values.Of(SettingKind.Profile, "alpha"));
        Assert.Equal("openmosix", values.Of(SettingKind.Profile, "beta"));
        Assert.Equal([("profile", "alpha", "sprite"), ("profile", "", "openmosix")], values.Set());
        values = values.Apply(Update((SettingValues.KeyOf("profile", "alpha"), null)));
        Assert.Equal("openmosix", values.Of(SettingKind.Profile, "alpha"));
        Assert.Equal("openmosix", SettingValues.FromJson(Encoding.UTF8.GetBytes(values.ToJson())).Of(SettingKind.Profile, "alpha"));
    }

    [Theory]
    [InlineData("x/y")]
    [InlineData("nodes/y")]
    [InlineData("nodes//y")]
    [InlineData("nodes/alpha/of/another/version")]
    [InlineData("noddes/alpha/profile")]
    public void A_key_of_another_version_is_no_setting_of_this_one(string key)
    {
        var values = SettingValues.Empty.Apply(Update((Isobar.Node.Membership.StoreKeys.Settings + key, "1"), (SettingValues.KeyOf("profile", "alpha"), "sprite")));
        Assert.Equal([("profile", "alpha", "sprite")], values.Set());
        Assert.Equal("sprite", values.Of(SettingKind.Profile, "alpha"));
    }

    [Theory]
    [InlineData("profile", "no-such-profile")]
    [InlineData("profile", "{ \"name\": \"x\", \"load\": { \"policy\": \"no-such-policy\" } }")]
    [InlineData("moves-at-once", "-1")]
    [InlineData("moves-at-once", "many")]
    [InlineData("gossip-age", "x")]
    [InlineData("site", "two words")]
    [InlineData("owner", "keyboard")]
    [InlineData("reserve", "anna for an hour")]
    [InlineData("reserve", "user anna until 2026-11-23T05:00:00Z")]
    public void A_value_that_cannot_be_is_refused(string name, string value) =>
        Assert.Throws<ClusterException>(() => SettingKind.Named(name).Check(value));

    [Fact]
    public void Every_shipped_profile_may_be_set_and_one_of_ones_own()
    {
        foreach (var name in Isobar.Balancing.Profiles.ProfileReader.Shipped)
            SettingKind.Profile.Check(name);
        Assert.Equal("mine", SettingKind.ProfileOf("{ \"name\": \"mine\" }").Name);
        Assert.Throws<ClusterException>(() => SettingKind.Named("no-such-setting"));
    }

    [Fact]
    public void A_reservation_is_for_a_user_or_for_a_home_until_a_moment()
    {
        var user = Reservation.Parse("user 1000 until 2026-11-23T05:00:00Z");
        Assert.True(user.IsFor("alpha", 1000));
        Assert.False(user.IsFor("alpha", 1001));
        var home = Reservation.Parse("node alpha until 2026-11-23T05:00:00Z");
        Assert.True(home.IsFor("alpha", 1001));
        Assert.False(home.IsFor("beta", 1000));
        Assert.Equal(new DateTimeOffset(2026, 11, 23, 5, 0, 0, TimeSpan.Zero), home.Until);
        Assert.Equal("reserved for jobs of alpha until 2026-11-23T05:00:00Z", home.ToString());
    }

    private static StoreUpdate Update(params (string Key, string? Value)[] entries) =>
        new(false, 1, [.. entries.Select(entry => new StoreUpdateEntry(entry.Key, entry.Value is null ? default(ReadOnlyMemory<byte>?) : Encoding.UTF8.GetBytes(entry.Value), 1))]);
}
