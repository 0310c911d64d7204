using Isobar.Balancing;
using Isobar.Node.Jobs;
using Isobar.Protocol.Jobs;

namespace Isobar.Node.Tests.Jobs;

/// <summary>What a move has brought: progress before and after, while the job runs.</summary>
public sealed class ProgressRecordTests
{
    private static readonly Instant Start = Instant.FromSeconds(1000);
    private static readonly DateTimeOffset When = new(2026, 11, 23, 3, 0, 0, TimeSpan.Zero);

    private readonly ProgressRecord _record = new();
    private double _at;
    private double _cpu = 40;
    private int _incarnation;

    [Fact]
    public void A_job_that_doubles_its_pace_saves_half_of_its_age_less_the_freeze()
    {
        Run(1, 0.5, 20);
        Move(0.3);
        Run(2, 1, 20);
        var gain = _record.TakeFinished()!;
        Assert.Equal((0.5, 1.0), (gain.Before, gain.After));
        // 50 CPU seconds old: at half a core they take 100 s, at a whole one 50.
        Assert.Equal(50 - 0.3, gain.AchievedSeconds!.Value, 2);
        Assert.Equal(When, gain.When);
        Assert.Null(_record.TakeFinished());
    }

    [Fact]
    public void Speeds_of_machines_count_and_a_bad_move_loses()
    {
        Run(1, 1, 12, speed: 2);
        Move(0.5);
        Run(2, 1, 12);
        var gain = _record.TakeFinished()!;
        Assert.Equal((2.0, 1.0), (gain.Before, gain.After));
        Assert.True(gain.AchievedSeconds < -50, $"{gain.AchievedSeconds}");
    }

    [Fact]
    public void Only_the_last_ten_seconds_before_count()
    {
        Run(1, 0.1, 60);
        Run(1, 0.8, 10);
        Move(0);
        Run(2, 0.8, 12);
        var gain = _record.TakeFinished()!;
        Assert.Equal(0.8, gain.Before, 2);
        Assert.Equal(0, gain.AchievedSeconds!.Value, 2);
    }

    [Fact]
    public void A_job_that_ends_early_is_judged_by_what_was_seen_unless_that_is_too_little()
    {
        Run(1, 0.5, 12);
        Move(0);
        Run(2, 1, 6);
        Assert.Equal(1, _record.Finish()!.After, 2);

        Run(3, 0.5, 12);
        Move(0);
        Run(4, 1, 2);
        Assert.Null(_record.Finish());
    }

    [Fact]
    public void Time_in_which_it_is_stopped_or_waits_for_something_else_than_a_CPU_is_no_gain()
    {
        Run(1, 0.5, 12);
        Take(1, JobState.Stopped);
        _at += 100;
        Take(1, JobState.Running);
        Move(0);
        Run(2, 1, 12);
        Assert.Null(_record.TakeFinished());

        Run(3, 0, 12);
        Move(0);
        Run(4, 0, 12);
        Assert.Null(_record.TakeFinished()?.AchievedSeconds);
    }

    private void Run(int incarnation, double pace, double seconds, double speed = 1)
    {
        _incarnation = incarnation;
        for (var t = 0; t <= seconds; t += 2)
        {
            Take(incarnation, JobState.Running, speed);
            _at += 2;
            _cpu += 2 * pace;
        }

        _at -= 2;
        _cpu -= 2 * pace;
    }

    private void Move(double freeze)
    {
        // As the deputy tells it: it is being moved, it runs at the new place, and then the ledger's line.
        Take(_incarnation, JobState.Moving);
        _at += 1;
        Take(_incarnation + 1, JobState.Running);
        _record.Moved(new MoveRecord { When = When, From = "alpha", To = "beta", Committed = true, Why = "test", FreezeSeconds = freeze });
    }

    private void Take(int incarnation, JobState state, double speed = 1) => _record.Take(
        Start + _at,
        new JobStatus { Id = "alpha-1", Uid = 0, State = state, Node = "alpha", Incarnation = incarnation, Command = "work", Started = When, CpuSeconds = _cpu },
        speed);
}
