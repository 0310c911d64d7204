using System.Globalization;
using System.Text.RegularExpressions;
using Isobar.Cluster.Tests.Cluster;

namespace Isobar.Cluster.Tests.Jobs;

/// <summary><c>isobar run</c> is the same as no <c>isobar run</c>: what a script says and how it ends does not depend on it, nor on the machine.</summary>
[Collection(SharedCluster.Name)]
public sealed partial class RunTests(IsobarCluster cluster)
{
    public static TheoryData<string> Places => ["--home", "--on beta"];

    public static TheoryData<string, string> Scripts
    {
        get
        {
            string[] scripts =
            [
                "exit 0",
                "exit 37",
                "kill -TERM $$",
                "kill -KILL $$",
                "kill -SEGV $$",
                "echo to stdout; echo to stderr >&2",
                "pwd; cd ..; pwd; ls | head -n 5",
                "umask 027; umask; touch $(mktemp -u)",
                "umask",
                "id; id -Gn",
                "ulimit -a",
                "hostname; uname -n; cat /etc/hostname",
                "env | grep -v '^_=' | sort",
                "printf '%s|' \"$@\"",
                "cat",
                "head -c 5; echo; wc -c",
                "cat < /dev/null; echo $?; ls -l /proc/self/fd/0 | wc -l",
                "echo one > both; echo two >> both; (echo three; cat nothing; echo four) >> both 2>&1; cat both; rm both",
                "sleep 0.1 & wait $!; echo $?; (exit 5); echo $?",
                "trap 'echo caught' INT; kill -INT $$; echo after",
                "cat /etc/passwd | sha256sum; sha256sum ./shared | cut -c1-64",
                "ls -ln . | tail -n +2 | awk '{ print $1, $3, $4, $5, $NF }' | head -n 5",
                "echo $PPID | grep -c . ; ps -o stat= -p $$ | cut -c1",
                "nice; nice -n 3 nice",
                "grep -E 'Sig(Ign|Blk)|NoNewPrivs|Umask' /proc/self/status",
                "yes | head -n 3; echo ${PIPESTATUS:-none}",
                "exec ./no-such-program",
                "stat -c '%a %s %Y' ./shared",
                "cat /proc/sys/kernel/hostname; test -t 0; echo $?",
            ];
            var data = new TheoryData<string, string>();
            foreach (var place in (string[])["--home", "--on beta"])
            {
                foreach (var script in scripts)
                    data.Add(place, script);
            }

            return data;
        }
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Scripts))]
    public async Task A_script_says_the_same_and_ends_the_same(string place, string script)
    {
        var expected = await RunAsync("", script);
        var actual = await RunAsync($"isobar run {place}", script);
        Assert.Equal((SettableSignals(expected.Output), expected.Error, expected.ExitCode), (SettableSignals(actual.Output), actual.Error, actual.ExitCode));
    }

    [Theory]
    [MemberData(nameof(Places))]
    public async Task A_program_that_is_not_there_is_127_and_one_that_may_not_run_126(string place)
    {
        Assert.Equal(127, (await cluster.ShAsync(IsobarCluster.Home, $"isobar run {place} no-such-program")).ExitCode);
        Assert.Equal(126, (await cluster.ShAsync(IsobarCluster.Home, $"isobar run {place} /etc/passwd")).ExitCode);
    }

    [Fact]
    public async Task Without_a_daemon_it_is_125_and_one_sentence()
    {
        var result = await cluster.ShAsync(IsobarCluster.Home, "isobar --socket /run/no-such-socket run true");
        Assert.Equal(125, result.ExitCode);
        Assert.StartsWith("isobar: ", result.Error, StringComparison.Ordinal);
        Assert.Equal(1, result.Error.Count(c => c == '\n'));
    }

    [Theory]
    [MemberData(nameof(Places))]
    public async Task A_file_as_input_and_files_as_output_are_used_where_they_stand(string place)
    {
        const string Script = """
            seq 1 100 > numbers
            exec 3< numbers; head -c 10 <&3 > /dev/null
            { echo before; RUN sh -c 'cat; echo error >&2' <&3 2> errors; echo after; } > output
            cat output errors | sha256sum; RUN sh -c 'echo more' >> output; tail -n 2 output
            """;
        async Task<string> In(string run) => (await cluster.ShAsync(IsobarCluster.Home, $"cd {cluster.NewFolder()}\n{Script.Replace("RUN", run, StringComparison.Ordinal)}")).Output;
        Assert.Equal(await In(""), await In($"isobar run {place}"));
    }

    [Theory]
    [InlineData("--home", "TERM", 143)]
    [InlineData("--on beta", "TERM", 143)]
    [InlineData("--on beta", "HUP", 129)]
    [InlineData("--on beta", "INT", 130)]
    [InlineData("--on beta", "USR1", 7)]
    public async Task A_signal_to_the_command_reaches_the_program(string place, string signal, int expected)
    {
        // A script's background job ignores SIGINT from birth: the default is given back to it.
        var result = await cluster.ShAsync(
            IsobarCluster.Home,
            $"env --default-signal=INT isobar run {place} sh -c 'trap \"echo got it; exit 7\" USR1; echo ready; while :; do sleep 0.05; done' > out.$$ & until grep -q ready out.$$; do sleep 0.05; done; kill -{signal} $!; wait $!; code=$?; cat out.$$; rm out.$$; exit $code");
        Assert.Equal(expected, result.ExitCode);
        Assert.Equal(signal == "USR1" ? "ready\ngot it\n" : "ready\n", result.Output);
    }

    [Fact]
    public async Task A_command_that_is_stopped_for_a_while_does_not_lose_its_job()
    {
        // Longer than a silent connection between machines would be kept.
        const string Script = "isobar run --on beta sh -c 'echo ready; read go; echo $go' < gate > out & pid=$!; exec 3> gate; until grep -q ready out; do sleep 0.05; done; kill -STOP $pid; sleep 9; kill -CONT $pid; echo went on >&3; exec 3>&-; wait $pid; echo $?; cat out";
        var result = await cluster.ShAsync(IsobarCluster.Home, $"cd {cluster.NewFolder()} \nmkfifo gate\n{Script}");
        Assert.Equal("0\nready\nwent on\n", result.Output);
    }

    [Theory]
    [InlineData("PIPE")]
    [InlineData("HUP,TERM,USR1")]
    public async Task Signals_that_the_caller_ignores_the_program_ignores(string signals)
    {
        const string Look = "grep SigIgn /proc/self/status";
        var expected = await cluster.ShAsync(IsobarCluster.Home, $"env --ignore-signal={signals} {Look}");
        Assert.DoesNotContain("0000000000000000", expected.Output, StringComparison.Ordinal);
        var actual = await cluster.ShAsync(IsobarCluster.Home, $"env --ignore-signal={signals} isobar run --on beta {Look}");
        Assert.Equal(SettableSignals(expected.Output), SettableSignals(actual.Output));
    }

    [Fact]
    public async Task What_the_job_writes_elsewhere_is_at_home_when_it_has_ended()
    {
        var folder = cluster.NewFolder();
        await cluster.ShAsync(IsobarCluster.Home, $"cd {folder} && isobar run --on gamma sh -c 'seq 1 100000 > result; mkdir made; mv result made/; ln -s made/result link; chmod 640 made/result'");
        var expected = await cluster.ShAsync(IsobarCluster.Home, "seq 1 100000 | sha256sum");
        Assert.Equal(expected.Output, (await cluster.ShAsync(IsobarCluster.Home, $"sha256sum < {folder}/link")).Output);
        Assert.Equal("640\n", (await cluster.ShAsync(IsobarCluster.Home, $"stat -c %a {folder}/made/result")).Output);
        Assert.NotEqual(0, (await cluster.ShAsync("gamma", $"ls -d {folder}")).ExitCode);
    }

    private async Task<Hosts.HostResult> RunAsync(string run, string script)
    {
        await using var process = cluster.Start(
            IsobarCluster.Home,
            ["sh", "-c", "umask 026; ulimit -n 1000; exec " + run + " \"$@\"", "sh", "sh", "-c", script, "script", "two words", "", "--on", "*", "ä\n"]);
        try
        {
            await process.Input.WriteAsync("a line of input\nand a second"u8.ToArray(), Cancellation);
        }
        catch (IOException)
        {
            // Most scripts do not read, and a short one may have ended already, as under a shell.
        }

        return await process.EndAsync(Cancellation);
    }

    /// <summary>
    /// Without signals 32 and 33, which the C library keeps for itself: no program can set them through it, so whatever the test runner's ancestors left there
    /// is nobody's wish.
    /// </summary>
    private static string SettableSignals(string output) => IgnoredMask().Replace(output, match =>
        string.Create(CultureInfo.InvariantCulture, $"SigIgn:\t{Convert.ToUInt64(match.Groups[1].Value, 16) & ~(3ul << 31):x16}"));

    [GeneratedRegex(@"SigIgn:\t([0-9a-f]{16})")]
    private static partial Regex IgnoredMask();
}
