using Isobar.Linux.Criu;

namespace Isobar.Linux.Tests.Criu;

public sealed class InstallationTests
{
    [Fact]
    public async Task The_installed_CRIU_is_found_new_enough_and_passes_its_own_check()
    {
        var criu = await CriuLocator.FindAsync(TestContext.Current.CancellationToken);
        Assert.True(await criu.VersionAsync(TestContext.Current.CancellationToken) >= CriuInstallation.OldestVersion);
        var findings = await criu.CheckAsync(TestContext.Current.CancellationToken);
        Assert.All(findings, f => Assert.True(f.Ok || !f.IsFatal, f.Text));
        Assert.All(findings, f => Assert.EndsWith(".", f.Text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_program_that_is_not_CRIU_is_found_out()
    {
        var findings = await new CriuInstallation("/bin/true").CheckAsync(TestContext.Current.CancellationToken);
        Assert.False(Assert.Single(findings).Ok);
        findings = await new CriuInstallation("/no/such").CheckAsync(TestContext.Current.CancellationToken);
        Assert.True(Assert.Single(findings).IsFatal);
    }
}
