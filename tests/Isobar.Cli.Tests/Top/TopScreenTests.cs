using Isobar.Cli.Top;
using Isobar.Protocol.Balance;
using Isobar.Protocol.Jobs;

namespace Isobar.Cli.Tests.Top;

public sealed class TopScreenTests
{
    private static readonly DateTimeOffset Noon = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Machines_have_bars_and_jobs_are_sorted_by_the_cpu_that_they_get()
    {
        var screen = new TopScreen { IsPlain = true };
        screen.Draw(View(Job("alpha-1", 10), Job("alpha-2", 20)), Noon, 200, 50);
        var lines = screen.Draw(View(Job("alpha-1", 14), Job("alpha-2", 21)), Noon.AddSeconds(4), 200, 50).Split('\n');
        Assert.Contains("[||||||||||..........]", lines[1], StringComparison.Ordinal);
        var one = Array.FindIndex(lines, line => line.StartsWith("alpha-1", StringComparison.Ordinal));
        var two = Array.FindIndex(lines, line => line.StartsWith("alpha-2", StringComparison.Ordinal));
        Assert.True(one < two);
        Assert.Contains(" 100 ", lines[one], StringComparison.Ordinal);
        Assert.Contains(" 25 ", lines[two], StringComparison.Ordinal);

        // By age the older one, which is the second, comes first.
        Assert.True(screen.Take('a'));
        lines = screen.Draw(View(Job("alpha-1", 14), Job("alpha-2", 21, startedBefore: 100)), Noon.AddSeconds(5), 200, 50).Split('\n');
        Assert.True(Array.FindIndex(lines, line => line.StartsWith("alpha-2", StringComparison.Ordinal)) < Array.FindIndex(lines, line => line.StartsWith("alpha-1", StringComparison.Ordinal)));
        Assert.False(screen.Take('q'));
    }

    [Fact]
    public void A_job_that_moved_has_an_arrow_for_a_while()
    {
        var screen = new TopScreen { IsPlain = true };
        screen.Draw(View(Job("alpha-1", 1)), Noon, 200, 50);
        Assert.Contains("alpha>beta", screen.Draw(View(Job("alpha-1", 2, node: "beta")), Noon.AddSeconds(1), 200, 50), StringComparison.Ordinal);
        Assert.Contains("alpha>beta", screen.Draw(View(Job("alpha-1", 3, node: "beta")), Noon.AddSeconds(3), 200, 50), StringComparison.Ordinal);
        Assert.DoesNotContain("alpha>beta", screen.Draw(View(Job("alpha-1", 3, node: "beta")), Noon.AddSeconds(9), 200, 50), StringComparison.Ordinal);
    }

    [Fact]
    public void Of_a_job_that_is_no_longer_told_nothing_is_kept()
    {
        var screen = new TopScreen { IsPlain = true };
        screen.Draw(View(Job("alpha-1", 1)), Noon, 200, 50);
        Assert.Contains("alpha>beta", screen.Draw(View(Job("alpha-1", 2, node: "beta")), Noon.AddSeconds(1), 200, 50), StringComparison.Ordinal);
        screen.Draw(View(), Noon.AddSeconds(2), 200, 50);
        Assert.DoesNotContain("alpha>beta", screen.Draw(View(Job("alpha-1", 2, node: "beta")), Noon.AddSeconds(3), 200, 50), StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_is_wider_or_higher_than_the_terminal_and_colours_do_not_count()
    {
        var screen = new TopScreen();
        var lines = screen.Draw(View([.. Enumerable.Range(1, 50).Select(i => Job($"alpha-{i}", i))]), Noon, 60, 20).TrimEnd('\n').Split('\n');
        Assert.True(lines.Length <= 20, $"{lines.Length} lines");
        Assert.All(lines, line => Assert.True(System.Text.RegularExpressions.Regex.Replace(line, "\e\\[[0-9]+m", "").Length <= 60, line));
    }

    [Theory]
    [InlineData(40, "JOB", "NODE", "COMMAND")]
    [InlineData(80, "JOB", "USER", "STATE", "NODE", "CPU%", "MEMORY", "TIME", "COMMAND")]
    [InlineData(200, "JOB", "USER", "STATE", "NODE", "MOVES", "CPU%", "MEMORY", "TIME", "COMMAND")]
    public void A_narrow_terminal_shows_what_tells_most_and_always_the_command(int width, params string[] titles)
    {
        var screen = new TopScreen { IsPlain = true };
        var lines = screen.Draw(View(Job("alpha-1", 1), Job("alpha-12", 1) with { State = JobState.Unreachable }), Noon, width, 50).Split('\n');
        var heading = Array.FindIndex(lines, line => line.StartsWith("JOB", StringComparison.Ordinal));
        Assert.Equal(titles, lines[heading].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        // Nothing is so long that it shifts the others.
        var command = lines[heading].IndexOf("COMMAND", StringComparison.Ordinal);
        Assert.All(lines[(heading + 1)..(heading + 3)], line => Assert.Equal("sleep", line[command..]));
        Assert.Contains("1.0", lines[1], StringComparison.Ordinal);
        Assert.Contains("silent", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Without_colours_there_are_none() => Assert.DoesNotContain('\e', new TopScreen { IsPlain = true }.Draw(View(Job("alpha-1", 1)), Noon, 80, 24));

    private static TopView View(params IReadOnlyList<JobStatus> jobs)
    {
        var loads = new LoadsReply { Profile = "isobar" };
        loads.Nodes.Add(new LoadLine { Node = "alpha", IsSelf = true, IsKnown = true, Ready = 1, Cores = 2, Capacity = 2, FreeMemoryBytes = 1 << 30, TotalMemoryBytes = 2L << 30, Flags = { "silent" } });
        loads.Nodes.Add(new LoadLine { Node = "beta" });
        return new TopView(loads, jobs);
    }

    private static JobStatus Job(string id, double cpu, string node = "alpha", double startedBefore = 0) => new()
    {
        Id = id,
        Uid = 0,
        State = JobState.Running,
        Node = node,
        Incarnation = 1,
        Command = "sleep",
        Started = Noon.AddSeconds(-startedBefore),
        CpuSeconds = cpu,
    };
}
