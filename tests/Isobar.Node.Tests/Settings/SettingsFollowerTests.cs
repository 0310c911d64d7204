using Isobar.Node.Membership;
using Isobar.Node.Settings;
using Isobar.Node.Tests.Gossip;
using Microsoft.Extensions.Logging.Abstractions;

namespace Isobar.Node.Tests.Settings;

public sealed class SettingsFollowerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("isobar-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task One_who_cannot_live_with_a_value_does_not_keep_the_next_ones_from_anybody()
    {
        using var store = new MemoryStore();
        await using var follower = new SettingsFollower(store, new ClusterFolder(_folder), NullLogger<SettingsFollower>.Instance);
        var told = new SemaphoreSlim(0);
        follower.Changed += () =>
        {
            told.Release();
            throw new InvalidOperationException("it cannot be");
        };
        foreach (var value in (string[])["openmosix", "sprite"])
        {
            await follower.SetAsync(SettingKind.Profile, "", value, TestContext.Current.CancellationToken);
            Assert.True(await told.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken), $"{value} was not told");
            Assert.Equal(value, follower.Current.Of(SettingKind.Profile, "alpha"));
        }
    }
}
