using Isobar.Cluster.Tests.Cluster;
using Isobar.Cluster.Tests.Hosts;

namespace Isobar.Cluster.Tests.Faults;

/// <summary>Moves that cannot be, or break in the middle: the job goes on where it is, and the command says why in one sentence.</summary>
public sealed class ImpossibleMoveTests(IsobarCluster cluster) : IClassFixture<IsobarCluster>
{
    private const int Megabytes = 300;

    /// <summary>Some images are there, but by far not all; they lie where only the supervisor's mount namespace shows them.</summary>
    private const string Middle = """
        end=$(($(date +%s) + 30))
        until
            guest=$(pgrep -f '^isobar-supervisor supervise /run/isobar/guests') &&
            [ "$(du -cm /proc/$guest/root/run/isobar/guests/*/host.*/images 2> /dev/null | tail -n 1 | cut -f 1)" -gt 20 ]
        do
            [ $(date +%s) -lt $end ] || { pgrep -af supervise >&2; tail -n 20 /var/log/isobard.log /run/isobar/*.log >&2; exit 1; }
            sleep 0.005
        done
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_target_that_cannot_be_reached()
    {
        await using var job = await CountingJob.StartAsync(cluster);
        await cluster.Sandbox.SetLinkAsync("gamma", up: false, Cancellation);
        try
        {
            await IsRefusedAsync(job.Name, "gamma");
            await job.GoesOnAsync();
        }
        finally
        {
            await cluster.Sandbox.SetLinkAsync("gamma", up: true, Cancellation);
        }

        await cluster.MoveAsync(job.Name, "beta");
        await job.GoesOnAsync();
        await job.EndsRightAsync();
    }

    [Fact]
    public async Task A_program_that_cannot_be_frozen()
    {
        var name = cluster.NewName("unmovable");
        var gate = $"{cluster.NewFolder()}/gate";
        await using var job = cluster.Start(IsobarCluster.Home, ["isobar", "run", "--home", "--stay", "--name", name, "./unmovable", gate]);
        await cluster.RunsAsync(name);
        await Waiting.ForAsync(
            async () => (await cluster.ShAsync(IsobarCluster.Home, "ls -l /proc/$(pgrep -x unmovable)/fd")).Output.Contains("io_uring", StringComparison.Ordinal),
            () => $"the program to hold an io_uring: {job.OutputSoFar}{job.ErrorSoFar}",
            Cancellation);
        await IsRefusedAsync(name, "beta");
        await OpenAsync(gate);
        var end = await job.EndAsync(Cancellation);
        Assert.Equal(("went on\n", 0), (end.Output, end.ExitCode));
    }

    [Theory]
    [InlineData("the guest supervisor is killed")]
    [InlineData("the cable is pulled")]
    public async Task A_target_that_dies_in_the_middle_of_the_images(string fault)
    {
        var traces = await HostTraces.NoteAsync(cluster.Sandbox);
        var (name, gate, job) = await HoldAsync();
        await using var _ = job;

        var cable = fault.Contains("cable", StringComparison.Ordinal);
        const string Kill = "\nkill -KILL $guest";
        var middle = cluster.ShAsync("beta", cable ? Middle : Middle + Kill);
        var refused = IsRefusedAsync(name, "beta");
        try
        {
            var seen = await middle;
            Assert.True(seen.ExitCode == 0, seen.Error);
            if (cable)
                await cluster.Sandbox.SetLinkAsync("beta", up: false, Cancellation);
            await refused;
        }
        finally
        {
            if (cable)
                await cluster.Sandbox.SetLinkAsync("beta", up: true, Cancellation);
        }

        await EndsRightAsync(gate, job);
        await traces.AreGoneAsync();
    }

    [Theory]
    [InlineData("alpha")]
    [InlineData("beta")]
    public async Task A_machine_whose_CRIU_fails(string host)
    {
        const string Criu = "/usr/lib/isobar/bin/criu";
        var traces = await HostTraces.NoteAsync(cluster.Sandbox);
        await using var job = await CountingJob.StartAsync(cluster);
        var broken = await cluster.ShAsync(host, $"mv {Criu} {Criu}.whole && printf '#!/bin/sh\nexit 1\n' > {Criu} && chmod 755 {Criu}");
        Assert.True(broken.ExitCode == 0, broken.Error);
        try
        {
            await IsRefusedAsync(job.Name, "beta");
            await job.GoesOnAsync();
        }
        finally
        {
            Assert.Equal(0, (await cluster.ShAsync(host, $"mv {Criu}.whole {Criu}")).ExitCode);
        }

        await cluster.MoveAsync(job.Name, "beta");
        await job.GoesOnAsync();
        await job.EndsRightAsync();
        await traces.AreGoneAsync();
    }

    [Fact]
    public async Task A_target_without_room_for_the_images()
    {
        var (name, gate, job) = await HoldAsync();
        await using var _ = job;
        // As if the memory were full: as soon as it is there, the file system for the images is made too small for them.
        var full = cluster.ShAsync("beta", """
            end=$(($(date +%s) + 30))
            until
                guest=$(pgrep -n -f '^isobar-supervisor supervise /run/isobar/guests') &&
                nsenter -m -t $guest sh -c 'mount -o remount,size=40m $(ls -d /run/isobar/guests/*/host.*/images)' 2> /dev/null
            do
                [ $(date +%s) -lt $end ] || { pgrep -af supervise >&2; exit 1; }
            done
            """);
        await IsRefusedAsync(name, "beta");
        var filled = await full;
        Assert.True(filled.ExitCode == 0, filled.Error);
        await EndsRightAsync(gate, job);
    }

    [Fact]
    public async Task A_home_whose_disk_is_full()
    {
        const string Records = "/var/lib/isobar/jobs";
        var traces = await HostTraces.NoteAsync(cluster.Sandbox);
        var mounted = await cluster.ShAsync(IsobarCluster.Home, $"isobar run true && cp {Records}/last /tmp/last && mount -t tmpfs -o size=1m small {Records} && mv /tmp/last {Records}/last");
        Assert.True(mounted.ExitCode == 0, mounted.Error);
        try
        {
            // Numbers go on where they were.
            await using var job = await CountingJob.StartAsync(cluster);
            await cluster.MoveAsync(job.Name, "beta");
            Assert.NotEqual(0, (await cluster.ShAsync(IsobarCluster.Home, $"yes > {Records}/filled")).ExitCode);
            // The last page of the journal still has room for a few moves.
            var (here, there) = ("beta", "gamma");
            var migrate = await cluster.RunAsync(IsobarCluster.Home, "isobar", "migrate", job.Name, there);
            for (var i = 0; i < 20 && migrate.ExitCode == 0; i++)
            {
                (here, there) = (there, here);
                migrate = await cluster.RunAsync(IsobarCluster.Home, "isobar", "migrate", job.Name, there);
            }

            Assert.Contains("the journal of the job cannot be written at its home (No space left", migrate.Error, StringComparison.Ordinal);
            await IsRefusedAsync(job.Name, there, at: here);
            await job.GoesOnAsync();
            Assert.Equal(0, (await cluster.ShAsync(IsobarCluster.Home, $"rm {Records}/filled")).ExitCode);
            await cluster.MoveAsync(job.Name, there);
            await job.GoesOnAsync();
            await job.EndsRightAsync();
        }
        finally
        {
            await cluster.ShAsync(IsobarCluster.Home, $"cp {Records}/last /tmp/last; umount -l {Records}; mv /tmp/last {Records}/last");
        }

        await traces.AreGoneAsync();
    }

    private async Task<(string Name, string Gate, HostProcess Job)> HoldAsync()
    {
        var name = cluster.NewName("memory");
        var gate = $"{cluster.NewFolder()}/gate";
        var job = cluster.Start(IsobarCluster.Home, ["isobar", "run", "--home", "--stay", "--name", name, "./memory", gate, $"{Megabytes}"]);
        await job.SaysAsync("filled", Cancellation);
        await cluster.RunsAsync(name);
        return (name, gate, job);
    }

    private async Task EndsRightAsync(string gate, HostProcess job)
    {
        await OpenAsync(gate);
        var end = await job.EndAsync(Cancellation);
        Assert.Equal(($"filled\n{Megabytes} MB are as they were\n", 0), (end.Output, end.ExitCode));
    }

    private async Task IsRefusedAsync(string name, string target, string at = IsobarCluster.Home)
    {
        var result = await cluster.RunAsync(IsobarCluster.Home, "isobar", "migrate", name, target).WaitAsync(Waiting.Patience, Cancellation);
        Assert.True(result.ExitCode == 125, $"{result.ExitCode}: {result.Output}{result.Error}");
        Assert.StartsWith("isobar: ", result.Error, StringComparison.Ordinal);
        Assert.Equal(1, result.Error.Count(c => c == '\n'));
        Assert.Equal(at, (await cluster.StatusAsync(name)).Node);
    }

    private Task OpenAsync(string gate) => File.WriteAllTextAsync(cluster.Seen(IsobarCluster.Home, gate), "", Cancellation);
}
