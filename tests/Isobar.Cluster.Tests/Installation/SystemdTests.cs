using System.Globalization;
using Isobar.Cluster.Tests.Hosts;

namespace Isobar.Cluster.Tests.Installation;

/// <summary>Isobar as `make install` leaves it on a machine with systemd: the daemon comes and goes, jobs stay.</summary>
public sealed class SystemdTests(SystemdHost host) : IClassFixture<SystemdHost>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Jobs_live_through_restart_death_and_stop_of_the_service()
    {
        await host.ShAsync($"make -C {Repository.Root} install-files");
        await host.ShAsync("systemctl enable --now isobard");
        Assert.Equal("active\n", await host.ShAsync("systemctl is-active isobard"));
        await host.ShAsync("isobar cluster create --name lab");
        await host.ShAsync("isobar run --detach --name counting sh -c 'i=0; while sleep 0.02; do i=$((i+1)); echo $i; done'");

        await GoesOnAsync();
        await host.ShAsync("systemctl restart isobard");
        await GoesOnAsync();
        await host.ShAsync("kill -9 $(systemctl show -P MainPID isobard)");
        await Waiting.ForAsync(async () => (await host.TryAsync("isobar ps")).ExitCode == 0, () => "the daemon to be started again", Cancellation);
        await GoesOnAsync();

        await host.ShAsync("systemctl stop isobard");
        Assert.NotEqual(0, (await host.TryAsync("isobar ps")).ExitCode);
        Assert.Equal("1\n", await host.ShAsync("pgrep -c -f '^isobar-supervisor supervise'"));
        await host.ShAsync("systemctl start isobard");
        await GoesOnAsync();

        await host.ShAsync("isobar kill counting");
        Assert.Equal(143, (await host.TryAsync("isobar wait counting")).ExitCode);
        var numbers = (await host.ShAsync("isobar logs counting")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(Enumerable.Range(1, numbers.Length).Select(i => i.ToString(CultureInfo.InvariantCulture)), numbers);
        await Waiting.ForAsync(async () => (await host.TryAsync("pgrep -f '^isobar-supervisor supervise'")).Output.Length == 0, () => "the job's supervisor to end", Cancellation);
        await host.ShAsync($"make -C {Repository.Root} uninstall");
        Assert.Equal("", await host.ShAsync("find /usr/local /etc/systemd -name '*isobar*'; pgrep -x isobard || true"));
    }

    /// <summary>The job is listed as running, and writes more than it has written so far.</summary>
    private async Task GoesOnAsync()
    {
        Assert.Contains("running", await host.ShAsync("isobar ps"), StringComparison.Ordinal);
        var lines = await LinesAsync();
        await Waiting.ForAsync(async () => await LinesAsync() > lines, () => $"the job to write more than {lines} lines", Cancellation);
    }

    private async Task<int> LinesAsync() => int.Parse(await host.ShAsync("isobar logs counting | wc -l"), CultureInfo.InvariantCulture);
}
