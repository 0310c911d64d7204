using Isobar.Balancing;
using Isobar.Node.Decisions;
using Isobar.Node.Policies;

namespace Isobar.Node.Tests.Decisions;

public sealed class DecisionLogTests
{
    [Fact]
    public void The_newest_decision_comes_first_and_a_repeated_one_once()
    {
        var log = new DecisionLog();
        log.Add("alpha-1", "it moves to beta", "refused");
        log.Add("alpha-1", "it moves to gamma", "moved");
        log.Add("alpha-1", "it moves to beta", "refused");
        log.Add("alpha-2", "another", "done");
        log.Stays("alpha-1", "too young");
        var (decisions, stay) = log.Of("alpha-1");
        Assert.Equal([("it moves to beta", "refused"), ("it moves to gamma", "moved")], decisions.Select(decision => (decision.What, decision.Outcome)));
        Assert.Equal("too young", stay!.What);
        Assert.Empty(log.Of("nobody").Decisions);
    }

    [Fact]
    public void Refusals_one_after_the_other_do_not_push_out_what_was_done()
    {
        var log = new DecisionLog();
        log.Add("alpha-1", "it moves to beta", "moved");
        for (var i = 0; i < 20; i++)
            log.Add("alpha-1", $"it moves to gamma {i}", "refused", repeats: true);
        Assert.Equal(["it moves to gamma 19", "it moves to beta"], log.Of("alpha-1").Decisions.Select(decision => decision.What));
    }

    [Fact]
    public void The_log_does_not_grow_without_end()
    {
        var log = new DecisionLog();
        for (var job = 0; job < 5000; job++)
        {
            for (var i = 0; i < 20; i++)
                log.Add($"alpha-{job}", $"decision {i}", "done");
        }

        Assert.Equal(8, log.Of("alpha-4999").Decisions.Count);
        Assert.True(Enumerable.Range(0, 5000).Count(job => log.Of($"alpha-{job}").Decisions.Count > 0) <= 2001);
    }

    /// <summary>Nearly every job only stays: what is said of it is let go of like any other.</summary>
    [Fact]
    public void Jobs_that_only_stayed_are_forgotten_after_a_while()
    {
        var now = Instant.FromSeconds(1000);
        var log = new DecisionLog(() => now);
        for (var job = 0; job < 2000; job++)
            log.Stays($"alpha-{job}", "too young");
        now += 3601;
        log.Stays("alpha-1", "too young");
        log.Stays("beta-1", "too young");
        Assert.Equal(2, log.Jobs);
        Assert.NotNull(log.Of("alpha-1").Stay);
    }

    [Fact]
    public void What_is_forgotten_of_many_jobs_is_not_what_still_runs()
    {
        var now = Instant.FromSeconds(1000);
        var log = new DecisionLog(() => now);
        log.Add("alpha-0", "it moves to beta", "refused");
        for (var job = 1; job < 10_000; job++)
        {
            now += 0.1;
            log.Stays($"alpha-{job}", "too young");
            log.Stays("alpha-0", "it rests");
        }

        Assert.InRange(log.Jobs, 1500, 2000);
        Assert.Equal("it rests", log.Of("alpha-0").Stay!.What);
        Assert.Equal("it moves to beta", Assert.Single(log.Of("alpha-0").Decisions).What);
        Assert.Null(log.Of("alpha-1").Stay);
        Assert.NotNull(log.Of("alpha-9999").Stay);
    }

    [Fact]
    public void A_job_that_could_not_be_moved_is_left_alone_longer_each_time()
    {
        var now = Instant.FromSeconds(100);
        var first = JobHold.After(null, now, "a", 10);
        Assert.Equal(10, first.Until - now);
        var hold = first;
        for (var i = 0; i < 10; i++)
            hold = JobHold.After(hold, now, "a", 10);
        Assert.Equal(300, hold.Until - now);
    }

    [Theory]
    [InlineData("xz -9 a.tar", "/usr/bin/xz -1 b.tar", true)]
    [InlineData("sh -c one", "sh -c two", false)]
    [InlineData("sh -c one", "/bin/sh -c one", false)]
    [InlineData("xz a", "gzip a", false)]
    public void The_same_program_is_known_again(string one, string two, bool same) => Assert.Equal(same, ProgramHash.Of(one) == ProgramHash.Of(two));
}
