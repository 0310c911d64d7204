using Isobar.Cli.Sandbox;
using Isobar.Cluster.Tests.Hosts;

namespace Isobar.Cluster.Tests.Jobs;

/// <summary>A machine that is in no cluster: its daemon has started no other program before the first supervisor.</summary>
public sealed class SingleMachineTests : IAsyncLifetime
{
    private SandboxCluster _sandbox = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _sandbox = await TestSandbox.UpAsync(1);

    public async ValueTask DisposeAsync() => await SandboxCluster.DownAsync(_sandbox.Place, CancellationToken.None);

    [Fact]
    public async Task The_daemon_stays_outside_of_the_mount_namespaces_of_its_supervisors()
    {
        await new SandboxDaemons(_sandbox, Repository.Daemons).StartAsync("alpha", Cancellation);
        Assert.Equal("here\n", await ShAsync("isobar run echo here"));
        Assert.Equal("1\n", await ShAsync("readlink /proc/$(pgrep -x isobard)/task/*/ns/mnt | sort -u | wc -l"));
    }

    [Fact]
    public async Task A_job_that_may_run_only_on_other_machines_is_not_run_here()
    {
        await new SandboxDaemons(_sandbox, Repository.Daemons).StartAsync("alpha", Cancellation);
        Assert.Equal("here\n", await ShAsync("isobar run --nodes 'a*' echo here"));
        var refused = await ShAsync("isobar run --nodes beta echo here 2>&1; echo $?");
        Assert.Contains("its user allows only beta, and alpha is in no cluster", refused, StringComparison.Ordinal);
        Assert.EndsWith("\n125\n", refused, StringComparison.Ordinal);
    }

    private async Task<string> ShAsync(string script)
    {
        await using var process = new HostProcess(_sandbox.Host("alpha"), ["sh", "-c", script], "/");
        var result = await process.EndAsync(Cancellation);
        Assert.True(result.ExitCode == 0, result.Error);
        return result.Output;
    }
}
