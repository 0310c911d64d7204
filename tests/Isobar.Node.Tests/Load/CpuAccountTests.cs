using Isobar.Linux.Load;
using Isobar.Node.Load;

namespace Isobar.Node.Tests.Load;

public sealed class CpuAccountTests
{
    private const double LookedBefore = 100;

    private readonly CpuAccount _account = new();

    [Fact]
    public void The_first_look_tells_nothing() => Assert.Null(Used(Daemon(50)));

    [Fact]
    public void What_runs_between_two_looks_is_used()
    {
        Used(Daemon(50), Job(7));
        Assert.Equal(0.25 + 4, Used(Daemon(50.25), Job(11))!.Value, 9);
    }

    [Fact]
    public void A_job_that_ended_has_used_no_more_than_it_did()
    {
        Used(Daemon(50), Supervisor(1), Job(7));
        // Its time is its supervisor's now.
        Assert.Equal(0.5, Used(Daemon(50), Supervisor(1 + 7.5))!.Value, 9);
    }

    [Fact]
    public void A_supervisor_that_ended_brings_none_of_its_earlier_jobs_time()
    {
        Used(Daemon(50), Supervisor(30));
        Assert.Equal(0.1, Used(Daemon(80.1))!.Value, 9);
    }

    [Fact]
    public void Who_came_and_went_between_two_looks_counts_by_the_parent_that_waited()
    {
        Used(Daemon(50), Supervisor(1));
        Assert.Equal(0.75, Used(Daemon(50), Supervisor(1.75))!.Value, 9);
    }

    [Fact]
    public void Who_started_since_counts_whole_and_who_was_there_unseen_does_not()
    {
        Used(Daemon(50));
        Assert.Equal(0.5, Used(Daemon(50), new ProcessCpu(20, LookedBefore + 0.5, 0.5), new ProcessCpu(21, LookedBefore - 60, 900))!.Value, 9);
    }

    [Fact]
    public void A_number_that_is_used_again_is_another_process()
    {
        Used(Daemon(50), new ProcessCpu(20, 10, 40));
        Assert.Equal(0.25, Used(Daemon(90), new ProcessCpu(20, LookedBefore + 0.5, 0.25))!.Value, 9);
    }

    [Fact]
    public void A_child_that_was_read_before_its_end_and_whose_parent_after_it_is_nobodys_load()
    {
        Used(Supervisor(1), Job(7), Daemon(50));
        // The job is gone, its supervisor's time was read before it had waited.
        Assert.Null(Used(Supervisor(1), Daemon(50)));
        Assert.NotNull(Used(Supervisor(8), Daemon(50)));
    }

    [Fact]
    public void Time_that_is_lost_with_a_child_nobody_waits_for_is_not_taken_from_others()
    {
        Used(Daemon(50), Job(7));
        Assert.Equal(0.5, Used(Daemon(50.5), Job(3))!.Value, 9);
    }

    private double? Used(params ProcessCpu[] users) => _account.Used(users, LookedBefore);

    private static ProcessCpu Daemon(double seconds) => new(1, 1, seconds);

    private static ProcessCpu Supervisor(double seconds) => new(2, 2, seconds);

    private static ProcessCpu Job(double seconds) => new(3, 3, seconds);
}
