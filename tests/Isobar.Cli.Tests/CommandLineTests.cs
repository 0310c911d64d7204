using System.Diagnostics;

namespace Isobar.Cli.Tests;

/// <summary>The command as users start it: its output and its exit code.</summary>
public sealed class CommandLineTests
{
    [Fact]
    public async Task A_missing_daemon_is_one_sentence_and_exit_code_125()
    {
        var (code, output, error) = await RunAsync("--socket", "/nonexistent/isobard.sock", "nodes");
        Assert.Equal(125, code);
        Assert.Empty(output);
        Assert.Equal("isobar: the daemon does not answer at /nonexistent/isobard.sock: start it with `systemctl start isobard` (or isobard in a terminal), or tell its socket with --socket.\n", error);
    }

    [Fact]
    public async Task An_unknown_verb_is_isobars_failure() => Assert.Equal(125, (await RunAsync("frobnicate")).Code);

    [Theory]
    [InlineData("there is no command 'isobar frobnicate': isobar --help lists those that there are.", "frobnicate")]
    [InlineData("there is no command 'isobar cluster jion': isobar cluster --help lists those that there are.", "cluster", "jion")]
    [InlineData("isobar top does not take '--json': isobar top --help tells what it takes.", "top", "--json")]
    [InlineData("isobar nodes does not take 'beta': isobar nodes --help tells what it takes.", "nodes", "beta")]
    [InlineData("--last takes a number from 1 on: isobar moves --help tells what it takes.", "moves", "--all", "--last", "0")]
    [InlineData("Required argument 'job' missing for command: 'why': isobar why --help tells what it takes.", "why")]
    public async Task A_wrong_command_line_is_one_sentence(string sentence, params string[] arguments)
    {
        var (code, output, error) = await RunAsync(arguments);
        Assert.Equal((125, "", $"isobar: {sentence}\n"), (code, output, error));
    }

    [Fact]
    public async Task Without_a_verb_all_are_listed() => Assert.Contains("Commands:", (await RunAsync()).Output, StringComparison.Ordinal);

    [Fact]
    public async Task Every_verb_has_an_example_in_its_help()
    {
        foreach (var verb in new string[][] { ["nodes"], ["cluster", "create"], ["cluster", "invite"], ["cluster", "join"], ["cluster", "leave"], ["cluster", "evict"] })
        {
            var (code, output, _) = await RunAsync([.. verb, "--help"]);
            Assert.Equal(0, code);
            Assert.Contains("Example: isobar " + string.Join(' ', verb), output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Every_verb_is_found_by_its_own_name()
    {
        foreach (var (name, create) in Verbs.All)
        {
            Assert.Equal(name, create().Name);
            Assert.Equal(name, Assert.Single(Verbs.For([name, "--help"])).Name);
        }

        Assert.Equal(Verbs.All.Length, Verbs.For(["--help"]).Count());
    }

    [Fact]
    public async Task The_version_is_printed()
    {
        var (code, output, _) = await RunAsync("--version");
        Assert.Equal(0, code);
        Assert.Matches(@"^\d+\.\d+\.\d+", output);
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "isobar")) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await process.WaitForExitAsync(limit.Token);
        return (process.ExitCode, await output, await error);
    }
}
