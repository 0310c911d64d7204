using System.Diagnostics;
using System.Globalization;
using Isobar.Cli.Sandbox;

namespace Isobar.Cluster.Tests.Hosts;

/// <summary>The hosts that all other tests here, the demo and curious users stand on.</summary>
public sealed class SandboxTests(TwoBareHosts hosts) : IClassFixture<TwoBareHosts>
{
    private readonly SandboxCluster _sandbox = hosts.Sandbox;

    [Fact]
    public async Task A_file_made_on_one_host_is_on_no_other_and_not_on_the_machine()
    {
        await Sh("alpha", "echo mine > /etc/only-alpha; echo mine > /tmp/only-alpha; rm /etc/passwd");

        Assert.Equal("mine\nmine\n", await Sh("alpha", "cat /etc/only-alpha /tmp/only-alpha"));
        Assert.Equal("", await Sh("beta", "ls -d /etc/only-alpha /tmp/only-alpha 2> /dev/null || true"));
        Assert.Equal("/etc/passwd\n", await Sh("beta", "ls /etc/passwd"));
        Assert.False(File.Exists("/etc/only-alpha"));
        Assert.True(File.Exists("/etc/passwd"));
    }

    [Fact]
    public async Task Each_host_has_its_own_name_processes_and_temporary_folders()
    {
        Assert.Equal("beta\nbeta\n", await Sh("beta", "hostname; cat /etc/hostname"));
        Assert.Equal("dumb-init\n", await Sh("beta", "cat /proc/1/comm"));
        Assert.Equal("", await Sh("beta", "ls -A /tmp /dev/shm /var/lib/isobar | grep -v : | grep . || true"));
        Assert.Equal("tmpfs\n", await Sh("beta", "stat -f -c %T /run"));
        Assert.Equal("/dev/pts/0\n", await Sh("beta", "script -qc tty /dev/null < /dev/null | tr -d '\\r'"));
    }

    [Fact]
    public async Task Hosts_know_and_reach_each_other_and_nothing_else()
    {
        using var machine = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        machine.Start();
        var port = ((System.Net.IPEndPoint)machine.LocalEndpoint).Port;
        await Sh("alpha", "echo hello > /tmp/page; cd /tmp; setsid -f /usr/bin/python3 -m http.server 8000 > /dev/null 2>&1; until grep -q :1F40 /proc/net/tcp; do sleep 0.05; done");

        const string Get = "import sys,urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=5).read().decode().strip())";
        Assert.Equal("hello\n", await Sh("beta", $"/usr/bin/python3 -c '{Get}' http://alpha:8000/page"));
        Assert.Equal("10.88.0.0/24 dev eth0\n", await Sh("beta", "ip route | cut -d' ' -f1-3"));
        var refused = await _sandbox.RunAsync("beta", ["/usr/bin/python3", "-c", $"import socket; socket.create_connection(('127.0.0.1', {port}), 2)"], null, TestContext.Current.CancellationToken);
        Assert.Contains("ConnectionRefusedError", refused.Error, StringComparison.Ordinal);
        await Sh("alpha", "pkill -f [h]ttp.server");
    }

    [Fact]
    public async Task A_pulled_cable_cuts_a_host_off_until_it_is_plugged_in()
    {
        const string Reach = "/usr/bin/python3 -c \"import socket; s = socket.socket(); s.settimeout(0.3); print(s.connect_ex(('alpha', 9)))\"";
        const string Refused = "111\n";
        Assert.Equal(Refused, await Sh("beta", Reach));

        await _sandbox.SetLinkAsync("alpha", up: false, TestContext.Current.CancellationToken);
        Assert.NotEqual(Refused, await Sh("beta", Reach));

        await _sandbox.SetLinkAsync("alpha", up: true, TestContext.Current.CancellationToken);
        Assert.Equal(Refused, await Sh("beta", "for i in 1 2 3 4 5 6 7 8; do r=$(" + Reach + "); [ $r = 111 ] && break; done; echo $r"));
    }

    [Fact]
    public async Task A_process_is_dumped_and_restored_on_a_hosts_own_root()
    {
        const string Script = """
            set -eu
            criu=/usr/lib/isobar/bin/criu; [ -x $criu ] || criu=criu
            cat > /tmp/job.py <<'PY'
            import mmap, os, tempfile, time
            os.closerange(3, 256)  # what the test runner was started with
            shared = open('/tmp/shared', 'w+'); shared.write('x' * 8192); shared.flush()
            view = mmap.mmap(shared.fileno(), 8192)
            unlinked = tempfile.TemporaryFile(); unlinked.write(b'y' * 5000); unlinked.flush()
            lower = open('/usr/bin/dumb-init', 'rb'); lower.read(10)
            count = 0
            while True:
                count += 1
                view[0:8] = b'%08d' % count
                print(count, unlinked.tell(), lower.tell(), flush=True)
                time.sleep(0.02)
            PY
            setsid -f /usr/bin/python3 /tmp/job.py < /dev/null > /tmp/out 2>&1
            until pid=$(pgrep -f '^/usr/bin/python3 /tmp/job.py'); do sleep 0.05; done
            until grep -q '^5 ' /tmp/out; do sleep 0.05; done
            mkdir /run/images
            $criu dump -t $pid -D /run/images -o log --link-remap --manage-cgroups=ignore
            before=$(tail -n1 /tmp/out)
            ! kill -0 $pid 2> /dev/null
            $criu restore -D /run/images -o log -d --link-remap --manage-cgroups=ignore
            until [ $(wc -l < /tmp/out) -gt $((${before%% *} + 5)) ]; do sleep 0.05; done
            kill $pid
            awk '$1 != NR || $2 != 5000 { print "line " NR " is wrong: " $0 }' /tmp/out
            head -c 8 /tmp/shared | grep -q "^0*$(tail -n1 /tmp/out | cut -d' ' -f1)$" || echo "the shared file is behind"
            """;
        Assert.Equal("", await Sh("alpha", Script));
    }

    [Fact]
    public async Task Down_after_a_crash_leaves_nothing_behind()
    {
        var sandbox = await TestSandbox.UpAsync(2, new HostLimits(Cores: 1));
        var traces = new MachineTraces(sandbox);
        Assert.Equal(10, traces.Namespaces);
        await sandbox.RunAsync("alpha", ["sh", "-c", "setsid -f sleep 1000 > /dev/null 2>&1"], null, TestContext.Current.CancellationToken);
        await sandbox.RunAsync("beta", ["mount", "-t", "tmpfs", "tmpfs", "/mnt"], null, TestContext.Current.CancellationToken);
        Assert.NotEmpty(traces.Left());

        File.Delete(sandbox.Place.StateFile);
        using (var first = Process.GetProcessById(sandbox.Hosts[0].Pid))
            first.Kill();
        Assert.True(await SandboxCluster.DownAsync(sandbox.Place, TestContext.Current.CancellationToken));

        Assert.Empty(traces.Left());
        Assert.False(await SandboxCluster.DownAsync(sandbox.Place, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_second_up_of_the_same_sandbox_is_refused_and_harms_nothing()
    {
        var refused = await Assert.ThrowsAsync<SandboxException>(() =>
            SandboxCluster.UpAsync(_sandbox.Place, ["other"], new HostLimits(), TestContext.Current.CancellationToken));
        Assert.Contains("isobar sandbox down", refused.Message, StringComparison.Ordinal);
        Assert.Equal("alpha\n", await Sh("alpha", "hostname"));
    }

    [Fact]
    public async Task A_host_gets_no_more_than_its_share_of_the_cpu()
    {
        var sandbox = await TestSandbox.UpAsync(1, new HostLimits(Cores: 0.2));
        try
        {
            const string Burn = "import time; end = time.monotonic() + 1\nwhile time.monotonic() < end: pass\nprint(time.process_time())";
            var result = await sandbox.RunAsync("alpha", ["/usr/bin/python3", "-c", Burn], null, TestContext.Current.CancellationToken);
            Assert.InRange(double.Parse(result.Output, CultureInfo.InvariantCulture), 0.01, 0.3);
        }
        finally
        {
            await SandboxCluster.DownAsync(sandbox.Place, CancellationToken.None);
        }
    }

    [Theory]
    [InlineData("exit 7", 7)]
    [InlineData("kill -TERM $$", 143)]
    public async Task Exec_ends_as_the_command_ends(string script, int expected)
    {
        var result = await ExternalCommand.RunAsync(
            [Repository.Cli, "sandbox", "exec", "--sandbox", _sandbox.Place.Name, "alpha", "sh", "-c", script], null, TestContext.Current.CancellationToken);
        Assert.Equal(expected, result.ExitCode);
    }

    [Fact]
    public async Task Exec_hands_every_word_and_the_input_to_the_command()
    {
        var result = await ExternalCommand.RunAsync(
            [Repository.Cli, "sandbox", "exec", "--sandbox", _sandbox.Place.Name, "alpha", "sh", "-c", "cat; echo \"$@\"", "x", "--sandbox", "-a", "two words", "--", ""],
            "from the pipe\n",
            TestContext.Current.CancellationToken);
        Assert.Equal("from the pipe\n--sandbox -a two words -- \n", result.Output);
        Assert.Equal(0, result.ExitCode);
    }

    [Theory]
    [InlineData("Alpha")]
    [InlineData("a b")]
    [InlineData("../up")]
    [InlineData("")]
    public async Task Names_that_are_no_host_names_are_refused(string name) =>
        await Assert.ThrowsAsync<SandboxException>(() =>
            SandboxCluster.UpAsync(SandboxPlace.Of("refused"), [name], new HostLimits(), TestContext.Current.CancellationToken));

    private async Task<string> Sh(string host, string script)
    {
        var result = await _sandbox.RunAsync(host, ["sh", "-c", script], null, TestContext.Current.CancellationToken);
        Assert.True(result.ExitCode == 0, $"{host} ended with {result.ExitCode}: {result.Error}");
        return result.Output;
    }
}
